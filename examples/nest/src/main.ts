import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn', 'log'] });
  // On SIGTERM, which comes when the last request is answered: onModuleDestroy, onApplicationShutdown, and the end.
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
