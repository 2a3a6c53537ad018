/** What is said of metrics when a configuration says nothing, as the schema's defaults; for plans that no file made. */
import type { MetricsPlan } from './plan.ts';

export const metricsDefaults: MetricsPlan = {
  listen: null,
  token: null,
  otlp: null,
  alerts: {
    errorShare: 0.05,
    certificateMs: 864_000_000,
    diskFreeShare: 0.1,
    crashes: true,
    watchdog: true,
  },
};
