import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Visitors } from './visitors.js';

/** The part of Express's request that is looked at: both are the client's, without `trust proxy`. */
interface Visit {
  readonly ip: string;
  readonly protocol: string;
}

@Controller()
export class WhoController {
  constructor(@Inject(Visitors) private readonly visitors: Visitors) {}

  @Get('whoami')
  whoami(@Req() { ip, protocol }: Visit) {
    return { pid: process.pid, ip, protocol, visits: this.visitors.count() };
  }

  @Get('healthz')
  health() {
    return 'ok\n';
  }
}
