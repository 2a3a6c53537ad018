/** For editors. Generated from schema.ts by scripts/generate-reference.js: edit there. */

/** The configuration of Holdfast. */
export interface HoldfastConfig {
  /** For editors: where the JSON Schema of this file is. */
  readonly $schema?: string | undefined;
  /**
   * The programs to run, by name. A text is short for `{ run }`.
   * @example {"web":"server.js"}
   */
  readonly apps?: Readonly<Record<string, string | AppConfig>> | undefined;
  /**
   * What the edge serves, by host: `example.com`, `*.example.com` for everything below it, `*` for every host that no other site names. Without sites there is no edge, and apps keep their own ports.
   * @example {"example.com":{"routes":{"/":"web"}}}
   */
  readonly sites?: Readonly<Record<string, SiteConfig>> | undefined;
  /** The reverse proxy. It runs when there are sites. */
  readonly edge?: EdgeConfig | undefined;
  /** Where the edge listens. */
  readonly listen?: ListenConfig | undefined;
  /** Certificates for sites with `tls: 'auto'`. By using them you agree to the terms of service of the authority. */
  readonly acme?: AcmeConfig | undefined;
  /** All logs together. */
  readonly logs?: LogsConfig | undefined;
  /**
   * The dashboard: how things are, in a browser. `hold open` opens it without any settings. From outside it is reached by a route of a site to "@dashboard".
   * @example {"users":{}}
   */
  readonly dashboard?: DashboardConfig | undefined;
  /**
   * What apps may connect to, through a proxy that counts it: `hold egress` shows who talks to where. `"observe"` allows everything. Left out: apps connect by themselves.
   * @example {"allow":["api.stripe.com:443"]}
   */
  readonly egress?: 'observe' | EgressConfig | undefined;
  /**
   * A real server in the place of the edge: Holdfast supervises the apps and writes the configuration of this server from `sites`. Left out: the edge, which is built in.
   * @example "nginx"
   */
  readonly front?: 'nginx' | 'apache' | 'haproxy' | 'caddy' | FrontConfig | undefined;
  /**
   * The name of the project, under which its releases and its variables are kept. Left out: the name in package.json, else the directory.
   * @example "shop"
   */
  readonly name?: string | undefined;
  /**
   * Webhooks: who is told when a deploy has ended, an app keeps crashing, a certificate or the disk needs somebody.
   * @example [{"url":"file:/etc/shop/slack-url","on":["deploys","crashes"]}]
   */
  readonly notify?: readonly NotifyConfig[] | undefined;
  /** Numbers for programs outside, and when somebody is told. */
  readonly metrics?: MetricsConfig | undefined;
  /** How releases are made and promoted by `hold deploy`. */
  readonly release?: ReleaseConfig | undefined;
  /**
   * Where `hold deploy <name>` sends releases.
   * @example {"production":{"hosts":["deploy@app1"]}}
   */
  readonly deploy?: Readonly<Record<string, DeployConfig>> | undefined;
}

/** One program to run. */
export interface AppConfig {
  /**
   * What to run: a script, a directory with a package.json, or a command. A text is split into words as a shell does, but no shell runs it; a list is taken word by word. Only `$PORT` is replaced.
   * @example "server.js"
   */
  readonly run: string | readonly string[];
  /**
   * More arguments for it.
   * @example ["--verbose"]
   */
  readonly args?: readonly string[] | undefined;
  /**
   * How many processes of it run. `max`: as many as this machine can run in parallel.
   * @default 1
   * @example "max"
   */
  readonly instances?: number | 'max' | undefined;
  /**
   * Its working directory, relative to the configuration file. `run` and `envFile` are relative to this.
   * @default "."
   * @example "api"
   */
  readonly cwd?: string | undefined;
  /**
   * The version of Node that runs it, such as `24`, `24.5.0` or `>=22`. It is fetched when it is not there. Left out: the Node that runs Holdfast, and in a release what `.nvmrc`, `.node-version`, `devEngines` or `engines` say.
   * @example "24"
   */
  readonly node?: string | number | undefined;
  /**
   * Environment variables. Numbers and booleans become text.
   * @example {"NODE_ENV":"production"}
   */
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined;
  /**
   * A file with lines of `KEY=VALUE`, or several, of which the later win; `env` wins over all.
   * @example ".env"
   */
  readonly envFile?: string | readonly string[] | undefined;
  /**
   * Variables to take from the shell that runs `hold up`, besides PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR. A change of them alone changes nothing that runs.
   * @example ["AWS_REGION"]
   */
  readonly passEnv?: readonly string[] | undefined;
  /**
   * Environment variables whose values are read from files at each start, and are kept and shown nowhere.
   * @example {"DB_PASSWORD":"/run/secrets/db"}
   */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /**
   * A name for several apps, which commands take like the name of an app.
   * @example "backend"
   */
  readonly namespace?: string | undefined;
  /**
   * Apps that must be ready before this one is started; it is stopped before them.
   * @example ["db"]
   */
  readonly after?: string | readonly string[] | undefined;
  /**
   * `false`: it stays stopped until somebody starts it.
   * @default true
   */
  readonly autostart?: boolean | undefined;
  /**
   * The port that it listens on; the app finds it in `PORT`. Without it, Holdfast looks what the app listens on.
   * @example 3000
   */
  readonly port?: number | undefined;
  /**
   * What each further instance adds to `port`; 0: all instances share it.
   * @default 0
   */
  readonly portStep?: number | undefined;
  /**
   * Load the guest into a Node program: it holds the port, reports readiness and drains. `false`: nothing is loaded, the app just gets `PORT`.
   * @default true
   */
  readonly guest?: boolean | undefined;
  /**
   * It can be written to with `hold send`; else its input is empty.
   * @default false
   */
  readonly stdin?: boolean | undefined;
  /**
   * When an instance counts as ready. `listen`: when it listens. `started`: when the process runs. `auto`: `listen` when it has a port or a route, else `started`. `message`: when it calls `process.send('ready')`. `notify`: when it sends READY=1 to NOTIFY_SOCKET. Or an object: when a probe succeeds.
   * @default "auto"
   */
  readonly ready?: 'auto' | 'listen' | 'started' | 'message' | 'notify' | ReadyConfig | undefined;
  /**
   * How long an instance may take to get ready.
   * @default "30s"
   */
  readonly readyTimeout?: string | 0 | undefined;
  /**
   * How an instance that is ready proves that it is well; if not, it is replaced. A path is short for `{ path }`.
   * @example "/healthz"
   */
  readonly health?: string | HealthConfig | undefined;
  /**
   * An instance whose event loop is blocked for longer is replaced, and its crash record says where it was stuck. Needs the guest.
   * @example "10s"
   */
  readonly watchdog?: string | 0 | undefined;
  /** How an instance is stopped. */
  readonly stop?: StopConfig | undefined;
  /**
   * How long requests and WebSockets of an instance that is being replaced may go on; WebSockets that are still open then are closed with code 1012.
   * @default "30s"
   */
  readonly drain?: string | 0 | undefined;
  /** What happens after it ended by itself. A word is short for `{ when }`. */
  readonly restart?: 'always' | 'on-failure' | 'never' | RestartConfig | undefined;
  /**
   * It is a job: started by the clock, not at once, and never twice at the same time. A text is short for `{ at }`.
   * @example "*\/5 * * * *"
   */
  readonly cron?: string | CronConfig | undefined;
  /**
   * Restart it when its files change. `true`: all below `cwd`; a list: these files and directories.
   * @example ["src"]
   */
  readonly watch?: boolean | readonly string[] | WatchConfig | undefined;
  /**
   * The user that it runs as, with the groups and HOME of that user. Only root can have this.
   * @example "www-data"
   */
  readonly user?: string | number | undefined;
  /** The group that it runs as; without it, that of `user`. */
  readonly group?: string | number | undefined;
  /**
   * Which rights files that it makes do not get.
   * @example "027"
   */
  readonly umask?: string | undefined;
  /** Priority from -20 (first) to 19 (last). */
  readonly nice?: number | undefined;
  /** Whom the kernel ends first when memory runs out: from -1000 (never) to 1000 (first). */
  readonly oomScore?: number | undefined;
  /**
   * Limits of its processes, by the names of `prlimit`.
   * @example {"nofile":65536}
   */
  readonly ulimits?: Readonly<Record<string, number | 'unlimited'>> | undefined;
  /**
   * Memory of an instance with all that it started. A size is short for `{ soft }`.
   * @example "512MB"
   */
  readonly memory?: string | 0 | MemoryConfig | undefined;
  /**
   * Cores that an instance may use, with all that it started. Needs cgroup v2 and the right to use it.
   * @example 1.5
   */
  readonly cpu?: number | undefined;
  /** Processes and threads of an instance, at most. Needs cgroup v2 and the right to use it. */
  readonly pids?: number | undefined;
  /**
   * Node's permission model: all that is not named here is denied. Its own directory may be read.
   * @example {"fs":{"write":["./uploads/*"]}}
   */
  readonly permissions?: PermissionsConfig | undefined;
  /**
   * A file that holds its pid; with several instances, `-0`, `-1` … come before the extension.
   * @example "web.pid"
   */
  readonly pidFile?: string | undefined;
  /**
   * How the edge keeps a client on one instance. `auto`: sessions of Socket.IO and Engine.IO are recognised, everything else goes to the least busy. `cookie`: by a cookie that the edge sets. `ip`: by address.
   * @default "auto"
   */
  readonly sticky?: 'auto' | 'none' | 'cookie' | 'ip' | undefined;
  /**
   * How the edge sends requests to it. A word is short for `{ protocol }`.
   * @example {"inFlight":100,"slowStart":"10s"}
   */
  readonly upstream?: 'http/1.1' | 'h2c' | UpstreamConfig | undefined;
  /**
   * How long a request waits at the edge while no instance is ready, before it gets 503.
   * @default "10s"
   */
  readonly hold?: string | 0 | undefined;
  /**
   * How many requests may wait so.
   * @default 1000
   */
  readonly holdMax?: number | undefined;
  /** The log of its output. */
  readonly log?: LogConfig | undefined;
}

/** What the edge serves under one host. */
export interface SiteConfig {
  /**
   * Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for `/api` and `/api/x`, not for `/apix`. The path is passed on unchanged. An app, an address (`http://host:port`, `https://host:port`, `unix:/path`), several of them by weight (`{ web: 90, next: 10 }`), `{ files }`, or `{ to }` with rules for this route.
   * @example {"/":"web","/legacy/":"http://127.0.0.1:3000","/assets/":{"files":"public"}}
   */
  readonly routes?:
    | Readonly<Record<string, string | RoutesConfig | RoutesConfig2 | Readonly<Record<string, number>>>>
    | undefined;
  /**
   * What may come to this site. A route may have limits of its own besides.
   * @example {"body":"10MB","rate":"100/s burst 200 per ip"}
   */
  readonly limits?: LimitsConfig | undefined;
  /**
   * Keep answers in memory that say that they may be kept (`Cache-Control`), and answer with them as long as they are fresh (RFC 9111). Not of files, which are in memory anyway, and of several apps by weight.
   * @default false
   * @example {"size":"64MB","entry":"1MB"}
   */
  readonly cache?: boolean | CacheConfig | undefined;
  /**
   * Write its requests down, where `edge.accessLog` writes any.
   * @default true
   */
  readonly accessLog?: boolean | undefined;
  /**
   * HTTPS for this site: `'auto'` gets a certificate by itself, see `acme` (`{ auto: true }` with more settings), and `{ cert, key }` are files.
   * @default false
   * @example {"cert":"certs/fullchain.pem","key":"certs/privkey.pem"}
   */
  readonly tls?: false | 'auto' | TlsConfig | TlsConfig2 | undefined;
  /**
   * Send requests that come without TLS to the same address with https (308). For sites with `tls`.
   * @default true
   */
  readonly redirect?: boolean | undefined;
  /**
   * Tell browsers to come with https only, for this long (`Strict-Transport-Security`). They cannot be told otherwise before that.
   * @example "180d"
   */
  readonly hsts?: string | undefined;
  /**
   * Compress answers that are text, of 1 KB and more, if the client can read that. See the guide about secrets in compressed pages.
   * @default false
   */
  readonly compress?: boolean | undefined;
  /**
   * Headers of all answers, which replace the app's; false removes one.
   * @example {"X-Frame-Options":"DENY","X-Powered-By":false}
   */
  readonly headers?: Readonly<Record<string, string | false>> | undefined;
  /**
   * Add the usual security headers where the app has not said otherwise, and remove `X-Powered-By`.
   * @default false
   */
  readonly security?: boolean | undefined;
  /**
   * Paths that are elsewhere: `{ "/old": "/new" }`, or with all that is below, `{ "/blog/*": "https://blog.example.com/*" }`.
   * @example {"/old":"/new"}
   */
  readonly redirects?: Readonly<Record<string, string | RedirectsConfig>> | undefined;
  /**
   * Paths that are looked up, and reach the app, under another one: `{ "/v1/*": "/api/*" }`. Clients do not notice.
   * @example {"/about":"/pages/about.html"}
   */
  readonly rewrites?: Readonly<Record<string, string>> | undefined;
  /** Ask for a name and a password (HTTP Basic). Without `tls` passwords can be read on the way. */
  readonly auth?: AuthConfig | undefined;
  /**
   * Addresses and networks of clients that may enter. Left out: all. Behind a proxy in `edge.trust`, the address that it names counts.
   * @example ["10.0.0.0/8"]
   */
  readonly allow?: readonly string[] | undefined;
  /** Addresses and networks of clients that may not enter, whatever `allow` says. */
  readonly deny?: readonly string[] | undefined;
  /**
   * Answer everything with a page that says that the site is being worked on (503). `true`, or `{ page, allow }`.
   * @default false
   */
  readonly maintenance?: MaintenanceConfig | boolean | undefined;
  /**
   * Pages (HTML) for errors of the edge, by status, such as 502 when the app does not answer. Errors that the app itself answers stay as they are.
   * @example {"502":"pages/502.html"}
   */
  readonly errorPages?: Readonly<Record<string, string>> | undefined;
  /**
   * Give each request a number: `X-Request-Id`, for the app and the client, and in the access log. A number from a proxy in `edge.trust` is kept.
   * @default false
   */
  readonly requestId?: boolean | undefined;
}

/** The reverse proxy. It runs when there are sites. */
export interface EdgeConfig {
  /**
   * How many processes the edge has. One serves more than most apps behind it can answer.
   * @default 1
   */
  readonly processes?: number | undefined;
  /**
   * The status for a host that no site names.
   * @default 404
   */
  readonly unknownHost?: 404 | 421 | undefined;
  /**
   * Addresses and networks of proxies in front of Holdfast, whose `X-Forwarded-*` and `Forwarded` fields are believed. From all others they are overwritten.
   * @example ["10.0.0.0/8"]
   */
  readonly trust?: readonly string[] | undefined;
  /**
   * Speak HTTP/2 with clients that can, over TLS. Apps are still spoken to as they understand it.
   * @default true
   * @example {"webSockets":true}
   */
  readonly http2?: boolean | Http2Config | undefined;
  /**
   * Connections begin with a PROXY header (v1 or v2), as load balancers send it when they pass connections on: it says who the client is. Only of peers in `trust`; connections of all others, and those without it, are closed.
   * @default false
   */
  readonly proxyProtocol?: boolean | undefined;
  /**
   * Write one line for each request to the log of the edge. `true`: short lines, or `combined`, `json`, or an object with settings.
   * @default false
   * @example "combined"
   */
  readonly accessLog?: true | false | 'short' | 'combined' | 'json' | AccessLogConfig | undefined;
  /**
   * How long requests and WebSockets of an edge that is being replaced may go on, as by `hold upgrade`; WebSockets that are still open then are closed with code 1012.
   * @default "30s"
   */
  readonly drain?: string | 0 | undefined;
  /** What a client may take. */
  readonly limits?: LimitsConfig2 | undefined;
}

/** Where the edge listens. */
export interface ListenConfig {
  /**
   * Where the edge listens for HTTP. Left out: 80 for root, else 8080, which needs no privilege.
   * @example 8080
   */
  readonly http?: number | string | undefined;
  /**
   * Where the edge listens for HTTPS, if there is a site with `tls`. Left out: 443 for root, else 8443, at the host of `http`.
   * @example 8443
   */
  readonly https?: number | string | undefined;
}

/** All logs together. */
export interface LogsConfig {
  /**
   * Cap over all logs of this home; the oldest go first.
   * @example "10GB"
   */
  readonly total?: string | 0 | undefined;
}

/** Certificates for sites with `tls: 'auto'`. By using them you agree to the terms of service of the authority. */
export interface AcmeConfig {
  /**
   * Who gives the certificates: Let's Encrypt (`production`), its test service that browsers do not trust (`staging`), or the directory of another authority that speaks ACME.
   * @default "production"
   * @example "staging"
   */
  readonly directory?: 'production' | 'staging' | string | undefined;
  /**
   * For an authority of your own: the certificates (PEM) that its directory's https is signed by.
   * @example "certs/internal-ca.pem"
   */
  readonly directoryCa?: string | undefined;
  /**
   * Where the authority can reach you, if it writes to its customers.
   * @example "ops@example.com"
   */
  readonly email?: string | undefined;
  /** External account binding: what an authority gives its customers to be known by. */
  readonly eab?: EabConfig | undefined;
  /**
   * How it is shown that a name is yours. `http-01`: port 80 of the name must lead to the edge. `tls-alpn-01`: port 443 must.
   * @default "http-01"
   */
  readonly challenge?: 'http-01' | 'tls-alpn-01' | undefined;
}

/**
 * The dashboard: how things are, in a browser. `hold open` opens it without any settings. From outside it is reached by a route of a site to "@dashboard".
 * @example {"users":{}}
 */
export interface DashboardConfig {
  /**
   * Where it is on this machine, all the time: an address of this machine only. Left out: it is at 127.0.0.1:4600 while somebody has opened it with `hold open`, and behind the routes that lead to "@dashboard".
   * @example 4600
   */
  readonly listen?: number | string | undefined;
  /** Who may log in with a name and a password, besides those who open it with `hold open`. */
  readonly users?: Readonly<Record<string, UsersConfig>> | undefined;
}

export interface EgressConfig {
  /**
   * Allow everything, and count it: `"observe"` with other settings beside it.
   * @default false
   */
  readonly observe?: boolean | undefined;
  /**
   * Port of the proxy at 127.0.0.1, for programs that are told by hand where it is. Left out: one that is free, and then stays the same. Another port reloads the apps.
   * @example 3128
   */
  readonly port?: number | undefined;
  /**
   * A unix socket at which the proxy is found, too, by programs of the same user that can use one: `true` for `run/egress.sock` in the home, or an absolute path.
   * @example true
   */
  readonly socket?: boolean | string | undefined;
  /**
   * What every app of this file may connect to: `host:port`, `*.example.com` for everything below it, `*` for every name, an address or a network. Without a port: every port. Addresses that are not public (private networks, this machine, the metadata of clouds) must be named as an address or a network, also when a name leads there.
   * @example ["api.stripe.com:443","*.amazonaws.com:443","10.0.3.0/24:5432"]
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * What one app may connect to besides, by its name.
   * @example {"web":["hooks.slack.com:443"]}
   */
  readonly apps?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface FrontConfig {
  /** Which server stands in front. */
  readonly server: 'nginx' | 'apache' | 'haproxy' | 'caddy';
  /** `true`: Holdfast runs a process of this server for itself, beside whatever this machine has of it. `false`: it is the one of this machine, and Holdfast writes `file` for it. Left out: `true`, unless there is a `file`. */
  readonly own?: boolean | undefined;
  /**
   * The one file that Holdfast writes for the server of this machine, which reads it by itself or includes it. It is looked at by the server before it counts, and the one before comes back when the server refuses it.
   * @example "/etc/nginx/conf.d/holdfast.conf"
   */
  readonly file?: string | undefined;
  /**
   * The command that looks at the whole configuration of the server of this machine, when it is not the usual one (`nginx -t`, `apache2ctl configtest` …).
   * @example ["sudo","nginx","-t"]
   */
  readonly check?: readonly string[] | undefined;
  /**
   * The command that puts it into force without cutting anybody off, when it is not the usual one.
   * @example ["sudo","systemctl","reload","nginx"]
   */
  readonly reload?: readonly string[] | undefined;
}

export interface NotifyConfig {
  /**
   * Where messages are sent to. Such an address is most often a secret by itself: `file:` and the path of a file that has it keeps it out of this file.
   * @example "file:/etc/shop/slack-url"
   */
  readonly url: string;
  /**
   * Of what. Left out: of all of these.
   * @default ["deploys","crashes","jobs","certificates","disk","errors","health","daemon"]
   * @example ["deploys","crashes"]
   */
  readonly on?:
    | readonly ('deploys' | 'crashes' | 'jobs' | 'certificates' | 'disk' | 'errors' | 'health' | 'daemon')[]
    | undefined;
  /**
   * `slack`: what Slack, Mattermost and others show. `json`: the event with all its facts, for programs.
   * @default "slack"
   */
  readonly style?: 'slack' | 'json' | undefined;
  /** A file with a secret, with which messages are signed (HMAC-SHA256) in the field `Holdfast-Signature`. */
  readonly secret?: string | undefined;
}

/** Numbers for programs outside, and when somebody is told. */
export interface MetricsConfig {
  /**
   * Where Prometheus and others ask for `/metrics`, and outside monitors for `/health`. A port alone is one of 127.0.0.1; at other addresses there must be a `token`.
   * @example "127.0.0.1:9469"
   */
  readonly listen?: number | string | undefined;
  /**
   * What they must send as `Authorization: Bearer …`; `file:` and a path: what is in that file.
   * @example "file:/etc/shop/metrics-token"
   */
  readonly token?: string | undefined;
  /** Where the numbers are sent. */
  readonly otlp?: OtlpConfig | undefined;
  /** What is told by itself, in the journal and by `notify`. */
  readonly alerts?: AlertsConfig | undefined;
}

/** How releases are made and promoted by `hold deploy`. */
export interface ReleaseConfig {
  /**
   * What makes the release out of the source. Left out: the script `build` of package.json, if there is one; `false`: nothing.
   * @example "npm run build"
   */
  readonly build?: false | string | readonly string[] | readonly (string | readonly string[])[] | undefined;
  /**
   * Run once per deploy, after the build and before any instance of the new release, with the environment of the first app.
   * @example "node scripts/migrate.js"
   */
  readonly migrate?: string | readonly string[] | undefined;
  /**
   * Files and directories (with `/` at the end) that all releases share, such as what users upload.
   * @example ["uploads/",".env"]
   */
  readonly shared?: readonly string[] | undefined;
  /**
   * Directories with hashed files, of which those of earlier releases stay reachable while old pages are open.
   * @example ["public/assets"]
   */
  readonly assets?: readonly string[] | undefined;
  /**
   * How many earlier releases stay on disk.
   * @default 5
   */
  readonly keep?: number | undefined;
  /**
   * Paths that one instance of the new release must answer with 2xx or 3xx before anybody gets to see it.
   * @example ["/","/api/version"]
   */
  readonly smoke?: readonly string[] | undefined;
  /**
   * Shares of the traffic that the new release gets first. Needs a site that leads to the app.
   * @example ["5%","25%"]
   */
  readonly canary?: readonly string[] | undefined;
  /**
   * How long each share of `canary` is watched.
   * @default "1m"
   */
  readonly canaryStep?: string | 0 | undefined;
  /**
   * How long the new release is watched when it has all the traffic: crashes, answers with 5xx and slowness that the old one did not have bring the old one back.
   * @default "20s"
   */
  readonly bake?: string | 0 | undefined;
  /** Who runs install and build when Holdfast is root. Left out: the user of the apps, else `nobody`. */
  readonly buildUser?: string | undefined;
  /**
   * Variables of the shell that install and build get. Those of the apps, and their secrets, they never get.
   * @example ["NPM_TOKEN"]
   */
  readonly buildEnv?: readonly string[] | undefined;
  /** How packages are installed. */
  readonly install?: InstallConfig | undefined;
  /**
   * Commands before and after a step, such as `after build`; one that fails is a failure of the step. `promote` is all that happens with traffic.
   * @example {"after build":"node scripts/upload-sourcemaps.js"}
   */
  readonly hooks?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

export interface DeployConfig {
  /**
   * Where to, as for `ssh`: your keys, agent, known hosts and ~/.ssh/config are what counts.
   * @example ["deploy@app1","deploy@app2"]
   */
  readonly hosts: readonly string[];
  /**
   * How many hosts change at a time.
   * @default 1
   */
  readonly batch?: number | undefined;
  /** Holdfast's home on the hosts, when it is not the usual one. */
  readonly home?: string | undefined;
  /**
   * Holdfast on the hosts.
   * @default "holdfast"
   */
  readonly command?: string | undefined;
  /**
   * Commands on this machine, around each host, such as those that take it out of a balancer. They get HOLDFAST_HOST.
   * @example {"before host":"scripts/drain.sh"}
   */
  readonly hooks?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

/** How to look. */
export interface ReadyConfig {
  /**
   * A request for this path is answered with a status from 200 to 399.
   * @example "/healthz"
   */
  readonly path?: string | undefined;
  /** A connection to this port is accepted; `true`: its own port. */
  readonly tcp?: number | true | undefined;
  /**
   * This command ends with code 0. It runs with the environment, directory and user of the app.
   * @example "pg_isready -q"
   */
  readonly command?: string | readonly string[] | undefined;
  /** The port for `path`, when it is another one than that of the app. */
  readonly port?: number | undefined;
}

export interface HealthConfig {
  /**
   * A request for this path is answered with a status from 200 to 399.
   * @example "/healthz"
   */
  readonly path?: string | undefined;
  /** A connection to this port is accepted; `true`: its own port. */
  readonly tcp?: number | true | undefined;
  /**
   * This command ends with code 0. It runs with the environment, directory and user of the app.
   * @example "pg_isready -q"
   */
  readonly command?: string | readonly string[] | undefined;
  /** The port for `path`, when it is another one than that of the app. */
  readonly port?: number | undefined;
  /**
   * How often.
   * @default "10s"
   */
  readonly every?: string | 0 | undefined;
  /**
   * How long an answer may take.
   * @default "5s"
   */
  readonly timeout?: string | 0 | undefined;
  /**
   * Failures in a row after which it is replaced.
   * @default 3
   */
  readonly failures?: number | undefined;
}

/** How an instance is stopped. */
export interface StopConfig {
  /**
   * The signal that asks it to end.
   * @default "SIGTERM"
   */
  readonly signal?:
    | 'SIGTERM'
    | 'SIGINT'
    | 'SIGQUIT'
    | 'SIGHUP'
    | 'SIGUSR1'
    | 'SIGUSR2'
    | 'SIGALRM'
    | 'SIGWINCH'
    | 'SIGABRT'
    | 'SIGKILL'
    | undefined;
  /**
   * How long it may take to end before SIGKILL.
   * @default "10s"
   */
  readonly timeout?: string | 0 | undefined;
  /**
   * Ask by the message `shutdown` (`process.on('message', …)`) instead of the signal. Needs the guest.
   * @default false
   */
  readonly message?: boolean | undefined;
  /**
   * What ends: it and all that it started (`tree`), or only itself (`process`).
   * @default "tree"
   */
  readonly ends?: 'tree' | 'process' | undefined;
}

export interface RestartConfig {
  /**
   * After which exits it is started again. `on-failure`: after a code other than 0, or a signal.
   * @default "always"
   */
  readonly when?: 'always' | 'on-failure' | 'never' | undefined;
  /**
   * Exit codes that mean that it is done: it is not started again, whatever `when` says.
   * @example [0,3]
   */
  readonly stopCodes?: readonly number[] | undefined;
  /** How often it is started again after an exit, at most; then it is `failed` until someone starts it. */
  readonly max?: number | undefined;
  /**
   * One that lived this long was well, and what follows counts as a first crash.
   * @default "1s"
   */
  readonly minUptime?: string | 0 | undefined;
  /**
   * What an exit before `minUptime` means. `give-up`: it is `failed` at once.
   * @default "retry"
   */
  readonly early?: 'retry' | 'give-up' | undefined;
  /**
   * A pause before every restart, also the first.
   * @default 0
   */
  readonly delay?: string | 0 | undefined;
  /**
   * The shortest and the longest pause before a crashed instance is started again; it doubles with each crash.
   * @default ["100ms","30s"]
   */
  readonly backoff?: readonly [string, string] | undefined;
  /** When to stop trying: the instance is `failed` then, until someone starts it. */
  readonly giveUpAfter?: GiveUpAfterConfig | undefined;
  /**
   * Replace its instances by the clock, one after the other, without a gap.
   * @example "0 4 * * *"
   */
  readonly cron?: string | undefined;
  /**
   * The time zone of the expression; without it, this machine's.
   * @example "Europe/Berlin"
   */
  readonly timezone?: string | undefined;
}

export interface CronConfig {
  /**
   * When: minute, hour, day, month, weekday; or six fields, seconds first.
   * @example "*\/5 * * * *"
   */
  readonly at: string;
  /**
   * The time zone of the expression; without it, this machine's.
   * @example "Europe/Berlin"
   */
  readonly timezone?: string | undefined;
  /**
   * What to do when a time passed while the machine was off or Holdfast did not run. `run`: one run at once.
   * @default "skip"
   */
  readonly missed?: 'skip' | 'run' | undefined;
  /**
   * A run that takes longer is ended, and has failed.
   * @example "10m"
   */
  readonly timeout?: string | 0 | undefined;
}

export interface WatchConfig {
  /**
   * Files and directories, relative to `cwd`.
   * @default ["."]
   */
  readonly paths?: readonly string[] | undefined;
  /**
   * Globs, relative to `cwd`, of what does not count. node_modules, dot files and logs never count.
   * @example ["uploads/**"]
   */
  readonly ignore?: readonly string[] | undefined;
  /**
   * Only files that end so; none: all files.
   * @example ["js","json"]
   */
  readonly extensions?: readonly string[] | undefined;
  /**
   * How long it must be quiet after a change.
   * @default "200ms"
   */
  readonly debounce?: string | 0 | undefined;
}

export interface MemoryConfig {
  /** More than this, and it is replaced by a new one, without a gap. */
  readonly soft?: string | 0 | undefined;
  /** The kernel ends what wants more. Needs cgroup v2 and the right to use it. */
  readonly hard?: string | 0 | undefined;
}

/**
 * Node's permission model: all that is not named here is denied. Its own directory may be read.
 * @example {"fs":{"write":["./uploads/*"]}}
 */
export interface PermissionsConfig {
  /** Files. */
  readonly fs?: FsConfig | undefined;
  /**
   * Use the network, where its Node can restrict that.
   * @default true
   */
  readonly net?: boolean | undefined;
  /**
   * Start programs.
   * @default false
   */
  readonly childProcess?: boolean | undefined;
  /**
   * Start worker threads.
   * @default false
   */
  readonly worker?: boolean | undefined;
  /**
   * Load native addons.
   * @default false
   */
  readonly addons?: boolean | undefined;
}

export interface UpstreamConfig {
  /**
   * What it speaks. `h2c`: HTTP/2 without TLS, as servers of gRPC do. WebSockets are not carried to it then.
   * @default "http/1.1"
   */
  readonly protocol?: 'http/1.1' | 'h2c' | undefined;
  /**
   * How many requests it has at a time, over all instances and for each process of the edge. A few more wait, all others get 503 with `Retry-After` at once, instead of all getting slow. Left out: any number. A number is short for `{ max }`.
   * @example 100
   */
  readonly inFlight?: number | InFlightConfig | undefined;
  /** Leave out instances that fail again and again, for a while. `false`: never. */
  readonly outliers?: false | OutliersConfig | undefined;
  /**
   * For so long a new instance gets less than its share, rising to it, so that caches and the JIT get warm. 0: all at once.
   * @default 0
   * @example "10s"
   */
  readonly slowStart?: string | 0 | undefined;
  /**
   * How often requests that were with an instance when it failed are sent to another one, if they may be repeated (GET, PUT …), so that tries never double the load of what is in trouble. `false`: never. What no instance has seen always goes to another one.
   * @default "20%"
   */
  readonly retries?: string | false | RetriesConfig | undefined;
}

/** The log of its output. */
export interface LogConfig {
  /** Rotation. */
  readonly rotate?: RotateConfig | undefined;
  /**
   * Cap over the current and all rotated files; the oldest go first.
   * @default "1GB"
   */
  readonly total?: string | 0 | undefined;
  /**
   * What it writes. `json`: lines of pino or bunyan, of which `hold logs` shows time, level and message.
   * @default "text"
   */
  readonly format?: 'text' | 'json' | undefined;
  /**
   * When it writes faster than the disk. `wait`: it is slowed. `drop`: lines are dropped and counted.
   * @default "wait"
   */
  readonly overflow?: 'wait' | 'drop' | undefined;
  /** Plain files with the lines as they were written, besides the log of Holdfast. */
  readonly files?: FilesConfig | undefined;
  /**
   * Where else the lines go: `"syslog://host:514"`, `{ otlp }` or `{ http }`. Nothing is lost while it is away.
   * @example ["syslog://10.0.0.5:514"]
   */
  readonly forward?: readonly (string | ForwardConfig)[] | undefined;
}

export interface RoutesConfig {
  /**
   * Where requests go: an app, an address, or several of them by weight.
   * @example {"web":90,"next":10}
   */
  readonly to: string | Readonly<Record<string, number>>;
  /**
   * Largest request body; more gets 413. 0: no limit. Left out: as the site says, else as `edge.limits.body` says.
   * @example "10MB"
   */
  readonly body?: string | 0 | undefined;
  /**
   * How often a client may come; more gets 429. `<requests>/<time>`, then, if need be, `burst <number>`, how many may come at once (left out: as many as the requests), and `per ip`, `per all`, `per header <name>` or `per cookie <name>`, whom it counts together (left out: `per ip`). Clients can make up headers and cookies: all values of one address together get 100 times the rate. A list: all of them hold.
   * @example "100/s burst 200 per ip"
   */
  readonly rate?: string | readonly string[] | undefined;
  /** Whether answers are kept. Left out: as the site's `cache` says. */
  readonly cache?: boolean | undefined;
  /** Of several by weight: a client that was at one of them comes back to it, by a cookie. Left out: true. */
  readonly sticky?: boolean | undefined;
  /**
   * Send a copy of the requests there, too; what it answers goes nowhere. An app or an address, or `{ to, share }`.
   * @example {"to":"next","share":"10%"}
   */
  readonly mirror?: string | MirrorConfig | undefined;
  /**
   * Of an address: look now and then whether it is well. A path is short for `{ path }`.
   * @example "/healthz"
   */
  readonly check?: string | CheckConfig | undefined;
  /**
   * Of an `https://` address: certificates (PEM) that its own may be signed by, besides those that Node trusts.
   * @example "certs/internal-ca.pem"
   */
  readonly ca?: string | undefined;
  /** Of an `https://` address: the host that its certificate names. Left out: the host of the address. */
  readonly serverName?: string | undefined;
  /** Of an address: begin each connection with a PROXY header, which tells it who the client is. */
  readonly proxyProtocol?: 'v1' | 'v2' | undefined;
  /** Of an address: how requests are sent to it, as `upstream` of an app. A word is short for `{ protocol }`. */
  readonly upstream?: 'http/1.1' | 'h2c' | UpstreamConfig | undefined;
}

export interface RoutesConfig2 {
  /**
   * A directory, whose files are served. Names that begin with a dot, and what symbolic links lead to elsewhere, are not.
   * @example "public"
   */
  readonly files: string;
  /**
   * The file that is served for a directory; false: none.
   * @default "index.html"
   */
  readonly index?: string | false | undefined;
  /**
   * Answer addresses that no file has with the index, as apps in the browser with addresses of their own need it.
   * @default false
   */
  readonly spa?: boolean | undefined;
  /**
   * The `Cache-Control` header. `no-cache`: browsers keep files, and ask each time whether they are still the same.
   * @default "no-cache"
   * @example "public, max-age=31536000, immutable"
   */
  readonly cacheControl?: string | undefined;
}

/**
 * What may come to this site. A route may have limits of its own besides.
 * @example {"body":"10MB","rate":"100/s burst 200 per ip"}
 */
export interface LimitsConfig {
  /**
   * Largest request body; more gets 413. 0: no limit. Left out: as the site says, else as `edge.limits.body` says.
   * @example "10MB"
   */
  readonly body?: string | 0 | undefined;
  /**
   * How often a client may come; more gets 429. `<requests>/<time>`, then, if need be, `burst <number>`, how many may come at once (left out: as many as the requests), and `per ip`, `per all`, `per header <name>` or `per cookie <name>`, whom it counts together (left out: `per ip`). Clients can make up headers and cookies: all values of one address together get 100 times the rate. A list: all of them hold.
   * @example "100/s burst 200 per ip"
   */
  readonly rate?: string | readonly string[] | undefined;
}

export interface CacheConfig {
  /**
   * How much is kept in all, in each process of the edge.
   * @default "64MB"
   */
  readonly size?: string | undefined;
  /**
   * The largest answer that is kept.
   * @default "1MB"
   */
  readonly entry?: string | undefined;
}

export interface TlsConfig {
  /**
   * The certificate (PEM), best with those between it and the root behind it, as `fullchain.pem`. Read again when it changes.
   * @example "certs/fullchain.pem"
   */
  readonly cert: string;
  /**
   * The private key of the certificate (PEM, without a passphrase).
   * @example "certs/privkey.pem"
   */
  readonly key: string;
  /** The certificates between yours and the root, when they are not in `cert`. */
  readonly ca?: string | undefined;
  /** Ask clients for a certificate of their own (mutual TLS). The app gets who they are as `X-Client-Cert-Subject`, `-Issuer`, `-Serial` and `-Fingerprint`. */
  readonly clients?: ClientsConfig | undefined;
}

export interface TlsConfig2 {
  /** As `'auto'`: the certificate comes by itself. */
  readonly auto: true;
  /** Ask clients for a certificate of their own (mutual TLS). */
  readonly clients?: ClientsConfig2 | undefined;
}

export interface RedirectsConfig {
  /**
   * Where to.
   * @example "/new"
   */
  readonly to: string;
  /**
   * Browsers remember 301 and 308 for ever; with 307 and 308 a POST stays a POST.
   * @default 307
   */
  readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
}

/** Ask for a name and a password (HTTP Basic). Without `tls` passwords can be read on the way. */
export interface AuthConfig {
  /**
   * The password of each, as `hold hash-password` prints it.
   * @example {"ann":"scrypt:16384:8:5:…"}
   */
  readonly users: Readonly<Record<string, string>>;
  /**
   * What browsers show when they ask.
   * @default "Restricted"
   */
  readonly realm?: string | undefined;
}

export interface MaintenanceConfig {
  /** The page (HTML) to show instead of the own one of Holdfast. */
  readonly page?: string | undefined;
  /** For these addresses and networks the site stays open. */
  readonly allow?: readonly string[] | undefined;
}

export interface Http2Config {
  /**
   * Let browsers open WebSockets within it (RFC 8441). The app notices nothing.
   * @default false
   */
  readonly webSockets?: boolean | undefined;
  /**
   * How many requests one connection may have open at a time.
   * @default 128
   */
  readonly streams?: number | undefined;
  /**
   * Also understand it without TLS, from clients that begin with it, as those of gRPC do (h2c by prior knowledge).
   * @default false
   */
  readonly cleartext?: boolean | undefined;
}

export interface AccessLogConfig {
  /**
   * `short`: address, host, method, path, status, bytes, time, and who answered. `combined`: as Apache and nginx write it. `json`: an object in each line.
   * @default "short"
   */
  readonly format?: 'short' | 'combined' | 'json' | undefined;
  /**
   * Which fields an object has, in this order. For `json`. Left out: the usual ones.
   * @example ["time","ip","method","target","status","ms"]
   */
  readonly fields?:
    | readonly (
        | 'time'
        | 'ip'
        | 'host'
        | 'method'
        | 'target'
        | 'protocol'
        | 'status'
        | 'bytes'
        | 'ms'
        | 'upstreamMs'
        | 'by'
        | 'site'
        | 'route'
        | 'app'
        | 'attempts'
        | 'cache'
        | 'requestId'
        | 'referer'
        | 'userAgent'
        | 'scheme'
        | 'requestBytes'
      )[]
    | undefined;
  /**
   * Write only this part of the requests; those that fail with 5xx are always written.
   * @default "100%"
   * @example "10%"
   */
  readonly sample?: string | undefined;
}

/** What a client may take. */
export interface LimitsConfig2 {
  /**
   * How long a client may take for a request's head.
   * @default "15s"
   */
  readonly headTimeout?: string | 0 | undefined;
  /**
   * The longest pause inside a request's body.
   * @default "60s"
   */
  readonly bodyIdle?: string | 0 | undefined;
  /**
   * How long an idle connection of a client stays open. More than the 60 seconds of common load balancers, so that they close first and no request meets a closing connection.
   * @default "65s"
   */
  readonly keepAlive?: string | 0 | undefined;
  /**
   * How long an app may take to begin its answer, or pause within it. WebSockets and event streams are not limited.
   * @default "60s"
   */
  readonly upstreamTimeout?: string | 0 | undefined;
  /**
   * Open connections from one address.
   * @default 1000
   */
  readonly connectionsPerIp?: number | undefined;
  /**
   * Largest request body; 0: no limit, since bodies are streamed and never kept.
   * @default 0
   * @example "10MB"
   */
  readonly body?: string | 0 | undefined;
  /**
   * Memory of one process of the edge above which new requests get 503, until it is less again. 0: no limit.
   * @default "1GB"
   */
  readonly memory?: string | 0 | undefined;
}

/** External account binding: what an authority gives its customers to be known by. */
export interface EabConfig {
  /** The key id that the authority gave you. */
  readonly keyId: string;
  /**
   * The key that it gave you, or `file:` and the path of a file with it.
   * @example "file:/etc/holdfast/eab-key"
   */
  readonly hmac: string;
}

export interface UsersConfig {
  /**
   * What `hold hash-password` prints.
   * @example "scrypt:16384:8:5:AAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
   */
  readonly password: string;
  /**
   * `viewer` sees everything and changes nothing, `admin` may start, stop, deploy and roll back.
   * @default "viewer"
   */
  readonly role?: 'viewer' | 'admin' | undefined;
}

/** Where the numbers are sent. */
export interface OtlpConfig {
  /**
   * A collector that takes OTLP over HTTP (OpenTelemetry): the numbers are sent there. Without a path: `/v1/metrics`.
   * @example "https://collector.example.com/v1/metrics"
   */
  readonly url?: string | undefined;
  /**
   * Fields of the request; a value `file:/path` is read from that file.
   * @example {"Authorization":"file:/etc/shop/collector-token"}
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How often. From `1s` to `1h`.
   * @default "30s"
   */
  readonly every?: string | 0 | undefined;
}

/** What is told by itself, in the journal and by `notify`. */
export interface AlertsConfig {
  /**
   * Tell when this part of the answers of a site in two minutes is 5xx, of at least one request a second. `false`: never.
   * @default "5%"
   */
  readonly errors?: false | string | undefined;
  /**
   * Tell when a certificate is good for no longer than this. `false`: never.
   * @default "10d"
   */
  readonly certificate?: false | string | 0 | undefined;
  /**
   * Tell when less than this part of the disk of the home is free, or less than 1 GB, or when it will be full within a day. `false`: never.
   * @default "10%"
   */
  readonly disk?: false | string | undefined;
  /**
   * Tell when an app was given up after too many crashes.
   * @default true
   */
  readonly crashes?: boolean | undefined;
  /**
   * Tell when an instance was replaced because its event loop was blocked.
   * @default true
   */
  readonly watchdog?: boolean | undefined;
}

/** How packages are installed. */
export interface InstallConfig {
  /**
   * Packages whose install scripts are run. All others are installed without: most need none, and it is there that stolen packages attack. A deploy says which wanted to.
   * @example ["sharp"]
   */
  readonly allowScripts?: readonly string[] | undefined;
  /**
   * Versions that are younger than this are refused, since stolen packages are mostly found within a day. Only what differs from the release before is looked at; `--allow-new` lets one through.
   * @default "24h"
   */
  readonly coolDown?: string | 0 | undefined;
  /**
   * Refuse a release with a known vulnerability of this severity, or a worse one, in its production packages. Left out: it is told, no more.
   * @example "critical"
   */
  readonly audit?: 'low' | 'moderate' | 'high' | 'critical' | undefined;
  /**
   * Check the registry's signatures of what is new.
   * @default true
   */
  readonly signatures?: boolean | undefined;
}

/** When to stop trying: the instance is `failed` then, until someone starts it. */
export interface GiveUpAfterConfig {
  /**
   * Crashes after which it is given up.
   * @default 10
   */
  readonly crashes?: number | undefined;
  /**
   * The time within which they happen.
   * @default "1m"
   */
  readonly within?: string | 0 | undefined;
}

/** Files. */
export interface FsConfig {
  /**
   * What it may read besides its own directory; `*` at the end: all below.
   * @example ["/etc/ssl/*"]
   */
  readonly read?: readonly string[] | undefined;
  /**
   * What it may write.
   * @example ["./uploads/*"]
   */
  readonly write?: readonly string[] | undefined;
}

export interface InFlightConfig {
  /**
   * Requests that it has at a time, over all instances.
   * @example 100
   */
  readonly max: number;
  /** How many more may wait for their turn; all others get 503 at once. Left out: as many as `max`. */
  readonly queue?: number | undefined;
  /**
   * How long they wait, before they get 503.
   * @default "5s"
   */
  readonly wait?: string | 0 | undefined;
}

export interface OutliersConfig {
  /**
   * Failures in a row: no connection, a broken answer, none in time, 502, 503 or 504.
   * @default 5
   */
  readonly failures?: number | undefined;
  /**
   * How long it is left out the first time; each time after that twice as long. Then one request tries it.
   * @default "5s"
   */
  readonly eject?: string | undefined;
  /**
   * And no longer than this.
   * @default "60s"
   */
  readonly maxEject?: string | undefined;
  /**
   * No more than this part of the instances is left out at a time, and never the last one.
   * @default "50%"
   */
  readonly maxShare?: string | undefined;
}

export interface RetriesConfig {
  /**
   * So many tries for each request, over the last ten seconds or so.
   * @default "20%"
   */
  readonly share?: string | undefined;
  /**
   * And so many a second besides, so that there is one also where requests are few.
   * @default 10
   */
  readonly perSecond?: number | undefined;
}

/** Rotation. */
export interface RotateConfig {
  /**
   * A log file that has reached this size is rotated.
   * @default "50MB"
   */
  readonly size?: string | 0 | undefined;
  /** Rotate also at the beginning of each hour or day. */
  readonly every?: 'hour' | 'day' | undefined;
  /**
   * How many rotated files are kept.
   * @default 10
   */
  readonly keep?: number | undefined;
  /**
   * Compress rotated files with gzip.
   * @default true
   */
  readonly compress?: boolean | undefined;
}

/** Plain files with the lines as they were written, besides the log of Holdfast. */
export interface FilesConfig {
  /**
   * A file for its whole output.
   * @example "logs/web.log"
   */
  readonly all?: string | undefined;
  /** A file for its stdout. */
  readonly out?: string | undefined;
  /** A file for its stderr. */
  readonly err?: string | undefined;
  /**
   * `false`: they are emptied when somebody starts the app.
   * @default true
   */
  readonly append?: boolean | undefined;
  /**
   * One file for all instances; else each has its own, with its number in the name.
   * @default false
   */
  readonly merge?: boolean | undefined;
  /**
   * Write the time before each line, in this format; `iso`: as ISO 8601.
   * @example "YYYY-MM-DD HH:mm:ss"
   */
  readonly time?: string | undefined;
  /**
   * `json`: each line becomes an object with message, timestamp, type, process_id and app_name.
   * @default "raw"
   */
  readonly style?: 'raw' | 'json' | undefined;
}

export interface ForwardConfig {
  /**
   * A collector that takes OTLP over HTTP.
   * @example "https://collector.example.com/v1/logs"
   */
  readonly otlp?: string | undefined;
  /** A program that takes lines of JSON by POST. */
  readonly http?: string | undefined;
  /**
   * Fields of the request; a value `file:/path` is read from that file.
   * @example {"Authorization":"file:/etc/holdfast/collector-token"}
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface MirrorConfig {
  /**
   * Where the copies go.
   * @example "next"
   */
  readonly to: string;
  /**
   * Copy only this part of the requests.
   * @default "100%"
   */
  readonly share?: string | undefined;
}

export interface CheckConfig {
  /**
   * A request for this path is answered with a status from 200 to 399.
   * @example "/healthz"
   */
  readonly path: string;
  /**
   * How often.
   * @default "10s"
   */
  readonly every?: string | 0 | undefined;
  /**
   * How long an answer may take.
   * @default "5s"
   */
  readonly timeout?: string | 0 | undefined;
  /**
   * Failures in a row after which nothing is sent to it.
   * @default 3
   */
  readonly failures?: number | undefined;
  /**
   * Successes in a row after which it is back.
   * @default 2
   */
  readonly successes?: number | undefined;
}

/** Ask clients for a certificate of their own (mutual TLS). The app gets who they are as `X-Client-Cert-Subject`, `-Issuer`, `-Serial` and `-Fingerprint`. */
export interface ClientsConfig {
  /**
   * The certificates (PEM) that your clients' certificates are signed by.
   * @example "certs/clients-ca.pem"
   */
  readonly ca: string;
  /**
   * Refuse requests without such a certificate; false: the app decides, by the `X-Client-Cert-*` fields.
   * @default true
   */
  readonly require?: boolean | undefined;
}

/** Ask clients for a certificate of their own (mutual TLS). */
export interface ClientsConfig2 {
  /**
   * The certificates (PEM) that your clients' certificates are signed by.
   * @example "certs/clients-ca.pem"
   */
  readonly ca: string;
  /**
   * Refuse requests without such a certificate; false: the app decides, by the `X-Client-Cert-*` fields.
   * @default true
   */
  readonly require?: boolean | undefined;
}
