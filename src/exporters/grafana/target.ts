/** A dashboard of Grafana. It is the same for every configuration: which sites and apps there are is asked of Prometheus. */
import { HoldfastError } from '../../errors.ts';
import type { Exporter } from '../exported.ts';
import type { Target } from '../target.ts';
import { grafanaDashboard } from './dashboard.ts';

const grafana: Exporter = ({ metrics: { listen, otlp } }, { name }) => {
  const text = `${JSON.stringify(grafanaDashboard(name), null, 2)}\n`;
  const missing = {
    setting: 'metrics.listen',
    text: 'neither this nor `metrics.otlp` is set, so there is nothing that the dashboard could show',
  };
  return {
    files: [{ path: `grafana/${name}.json`, text, mode: 0o644 }],
    losses: listen || otlp ? [] : [missing],
  };
};

export const grafanaTarget: Target = {
  title: 'Grafana',
  kind: 'monitoring',
  export: grafana,
  install() {
    throw new HoldfastError(
      'USAGE',
      'Cannot install a dashboard: write it with `-o <dir>`, and import the file in Grafana (Dashboards, New, Import)',
    );
  },
};
