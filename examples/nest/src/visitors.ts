import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

/** Each instance counts for itself: what all of them must know belongs in a database. */
@Injectable()
export class Visitors implements OnApplicationShutdown {
  private visits = 0;

  count(): number {
    this.visits += 1;
    return this.visits;
  }

  onApplicationShutdown(): void {
    Logger.log(`${this.visits} visits; close your database here`, 'Visitors');
  }
}
