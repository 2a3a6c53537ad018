/** A dashboard for Grafana 10 and later, of the metrics that Prometheus has of Holdfast. */

interface Target {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly targets: readonly Target[];
}

const SITE = 'site=~"$site"';
const APP = 'app=~"$app"';
const RATE = '[$__rate_interval]';

function quantiles(by: string): Target[] {
  return [0.5, 0.95, 0.99].map((part) => ({
    expr: `histogram_quantile(${part}, sum by (le) (rate(holdfast_http_request_duration_seconds_bucket{${by}}${RATE})))`,
    legend: `p${part * 100}`,
  }));
}

const panels: readonly Panel[] = [
  {
    title: 'Requests by site',
    unit: 'reqps',
    targets: [
      { expr: `sum by (site) (rate(holdfast_http_requests_total{${SITE}}${RATE}))`, legend: '{{site}}' },
    ],
  },
  {
    title: 'Share of errors (5xx) by site',
    unit: 'percentunit',
    targets: [
      {
        expr: `sum by (site) (rate(holdfast_http_requests_total{${SITE},code="5xx"}${RATE})) / sum by (site) (rate(holdfast_http_requests_total{${SITE}}${RATE}))`,
        legend: '{{site}}',
      },
    ],
  },
  { title: 'Time of answers', unit: 's', targets: quantiles(`${SITE},${APP}`) },
  {
    title: 'Open WebSockets',
    unit: 'short',
    targets: [{ expr: `sum by (site) (holdfast_site_open_websockets{${SITE}})`, legend: '{{site}}' }],
  },
  {
    title: 'Instances that are ready',
    unit: 'short',
    targets: [
      { expr: `holdfast_app_instances_ready{${APP}}`, legend: '{{app}}' },
      { expr: `holdfast_app_instances_wanted{${APP}}`, legend: '{{app}} wanted' },
    ],
  },
  {
    title: 'Restarts after crashes',
    unit: 'short',
    targets: [{ expr: `increase(holdfast_instance_restarts_total{${APP}}${RATE})`, legend: '{{instance}}' }],
  },
  {
    title: 'CPU (1 = one core)',
    unit: 'short',
    targets: [{ expr: `rate(holdfast_instance_cpu_seconds_total{${APP}}${RATE})`, legend: '{{instance}}' }],
  },
  {
    title: 'Memory',
    unit: 'bytes',
    targets: [{ expr: `holdfast_instance_memory_bytes{${APP}}`, legend: '{{instance}}' }],
  },
  {
    title: 'Delay of event loops',
    unit: 's',
    targets: [{ expr: `holdfast_instance_event_loop_delay_seconds{${APP}}`, legend: '{{instance}}' }],
  },
  {
    title: 'Time until certificates end',
    unit: 's',
    targets: [
      { expr: `holdfast_certificate_expiry_timestamp_seconds{${SITE}} - time()`, legend: '{{site}}' },
    ],
  },
  {
    title: 'Connections to the outside, by destination',
    unit: 'cps',
    targets: [
      {
        expr: `sum by (app, destination, outcome) (rate(holdfast_egress_connections_total{${APP}}${RATE}))`,
        legend: '{{app}} {{destination}} {{outcome}}',
      },
    ],
  },
  {
    title: 'Free space of the disk',
    unit: 'bytes',
    targets: [{ expr: 'holdfast_host_disk_free_bytes', legend: '{{job}}' }],
  },
];

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own way to name a variable
const datasource = { type: 'prometheus', uid: '${datasource}' };

/**
 * To be imported as it is; which Prometheus it asks is chosen at its top.
 * @param name there is one dashboard of each
 */
export function grafanaDashboard(name: string): object {
  return {
    title: name === 'holdfast' ? 'Holdfast' : `Holdfast: ${name}`,
    uid: name,
    tags: ['holdfast'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        variable('site', 'holdfast_http_requests_total'),
        variable('app', 'holdfast_app_up'),
      ],
    },
    panels: panels.map(panelAt),
  };
}

function variable(name: string, metric: string): object {
  return {
    name,
    type: 'query',
    datasource,
    query: { query: `label_values(${metric}, ${name})`, refId: name },
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
    refresh: 2,
  };
}

/** Two in a row. */
function panelAt({ title, unit, targets }: Panel, i: number): object {
  return {
    id: i + 1,
    type: 'timeseries',
    title,
    datasource,
    gridPos: { h: 8, w: 12, x: (i % 2) * 12, y: Math.floor(i / 2) * 8 },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: targets.map(({ expr, legend }, n) => ({
      refId: String.fromCharCode(65 + n),
      datasource,
      expr,
      legendFormat: legend,
    })),
  };
}
