import { Module } from '@nestjs/common';
import { Visitors } from './visitors.js';
import { WhoController } from './who.controller.js';

@Module({ controllers: [WhoController], providers: [Visitors] })
export class AppModule {}
