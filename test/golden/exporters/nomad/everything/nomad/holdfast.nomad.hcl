# Not in these files:
# - apps.web.secrets: variables of Nomad bring DB_PASSWORD: no file of this machine is read
# - apps.web.port: each container has an address of its own: all listen on the same port
# - apps.web.namespace: there is no name for several apps
# - apps.web.stdin: its stdin is empty: nothing can be sent to it
# - apps.web.watchdog: nobody notices a blocked event loop but by its probes
# - apps.web.watch: nobody looks for changed files: an image does not change
# - apps.web.pidFile: there is no such file
# - apps.web.log, apps.chat.log, apps.nightly.log, apps.spare.log: lines go to stdout and stderr, and the
#   platform keeps them, by its own rules
# - apps.web.stop.message: it gets SIGINT instead
# - apps.web.stop.ends: a container ends with its program
# - apps.web.sticky, apps.chat.sticky, apps.nightly.sticky, apps.spare.sticky: by a cookie of Traefik
# - apps.web.after: all start at once
# - apps.web.ready, apps.chat.ready: it counts as ready when its check succeeds: a path, or that it listens
# - apps.web.drain, apps.chat.drain, apps.spare.drain: clients of Nomad kill after 30 s in any case, unless
#   their `max_kill_timeout` is longer
# - apps.web.restart.when, apps.chat.restart.when, apps.spare.restart.when: whatever ends is a failure, whether
#   it was one or not
# - apps.web.restart.stopCodes: such an exit is an exit like others
# - apps.web.restart.max: restarts are counted within `giveUpAfter` only
# - apps.web.restart.minUptime, apps.web.restart.early, apps.web.restart.backoff, apps.chat.restart,
#   apps.spare.restart: Nomad restarts it after the same pause each time
# - apps.web.restart.giveUpAfter, apps.chat.restart, apps.spare.restart: after too many restarts it is tried on
#   another machine
# - apps.web.restart.cron: nothing restarts it by the clock
# - apps.web.memory.soft: as much is reserved; nobody replaces it above that
# - apps.web.memory.hard: it may have more than `memory.soft` where the cluster allows oversubscription
# - apps.web.permissions: Node's permission model is not turned on: its options can stand in `nodeArgs`
# - apps.web.user: it runs as user 1000 of the image, who is called `node` there
# - apps.web.group: it runs as group 1000 of the image
# - apps.web.umask: it has the one of the image
# - apps.web.nice: all have the same priority
# - apps.web.oomScore: the platform decides that
# - apps.web.ulimits: it has those of the platform
# - apps.web.cpu: as many MHz are reserved; it may use more where there are some
# - apps.chat, apps.spare: nobody holds its port: while its only container restarts, connections are refused
# - apps.nightly.run: the image has Node and little else: see that "python3" is in it
# - apps.nightly.cron.missed: what was missed is not done later
# - apps.nightly.cron.timeout: a run that takes longer is not ended
# - logs.total: the platform keeps logs by its own rules
# - sites.example.com.tls, sites.*.example.org.tls: Traefik brings the certificate; its entry points must be
#   called web and websecure, and its certificate resolver letsencrypt
# - sites.example.com.compress, sites.example.com.headers, sites.example.com.redirects,
#   sites.example.com.rewrites, sites.example.com.auth, sites.example.com.allow, sites.example.com.deny,
#   sites.example.com.maintenance, sites.example.com.errorPages, sites.example.com.requestId,
#   sites.example.com.limits, sites.example.com.cache, sites.example.com.accessLog,
#   sites.example.com.routes./.limits, sites.example.com.routes./.cache, sites.example.com.routes./new.mirror,
#   sites.*.example.org.accessLog, edge: not in the labels: Traefik has middlewares and settings of its own for
#   that
# - sites.example.com.routes./new.to: it leads to several apps: it is not in the labels
# - sites.example.com.routes./old/.to: it leads to another server: it is not in the labels
# - sites.example.com.routes./files/.to: it leads to files: it is not in the labels
#
# Written by `hold export nomad`. Push the images of `hold export dockerfile`, put their names (and a new tag
# for each version) into this file, then: nomad job run nomad/holdfast.nomad.hcl
# Before that, with each value in a file that has no line end: nomad var put
# nomad/jobs/holdfast/holdfast-web/holdfast-web API_TOKEN=@<file> DB_PASSWORD=@<file>
# Without Docker: `driver = "exec"`, with `command` = the path of node, and `args` = the script in a release
# that lies on each machine.

job "holdfast" {
  datacenters = ["*"]
  type = "service"
  update {
    max_parallel = 1
    canary = 1
    auto_promote = true
    auto_revert = true
    health_check = "checks"
    min_healthy_time = "20000ms"
    healthy_deadline = "110000ms"
    progress_deadline = "220000ms"
  }
  group "holdfast-web" {
    count = 2
    network {
      port "http" {
        to = 3000
      }
    }
    shutdown_delay = "5s"
    service {
      name = "holdfast-web"
      provider = "nomad"
      port = "http"
      tags = ["traefik.enable=true", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.name=holdfast-web-session", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.httponly=true", "traefik.http.routers.holdfast-web-0.rule=Host(`example.com`)", "traefik.http.routers.holdfast-web-0.priority=5000002", "traefik.http.routers.holdfast-web-0.service=holdfast-web", "traefik.http.routers.holdfast-web-0.entrypoints=websecure", "traefik.http.routers.holdfast-web-0.tls=true", "traefik.http.routers.holdfast-web-1.rule=HostRegexp(`^.+\\.example\\.org$`)", "traefik.http.routers.holdfast-web-1.priority=65002", "traefik.http.routers.holdfast-web-1.service=holdfast-web", "traefik.http.routers.holdfast-web-1.entrypoints=websecure", "traefik.http.routers.holdfast-web-1.tls=true", "traefik.http.routers.holdfast-web-1.tls.certresolver=letsencrypt"]
      check {
        type = "http"
        path = "/up"
        interval = "5000ms"
        timeout = "2000ms"
        check_restart {
          limit = 3
          grace = "20000ms"
        }
      }
    }
    restart {
      attempts = 6
      interval = "90000ms"
      delay = "500ms"
      mode = "fail"
    }
    task "holdfast-web" {
      driver = "docker"
      kill_signal = "SIGINT"
      kill_timeout = "35s"
      config {
        image = "holdfast-web"
        command = "node"
        args = ["--enable-source-maps", "server.js", "--port", "3000", "50% of $HOME"]
        work_dir = "/app/web"
        ports = ["http"]
        init = true
        readonly_rootfs = true
        cap_drop = ["all"]
        security_opt = ["no-new-privileges"]
        pids_limit = 200
        mount {
          type = "tmpfs"
          target = "/tmp"
          readonly = false
        }
      }
      env {
        NODE_ENV = "production"
        HOST = "0.0.0.0"
        REGION = "eu"
        GREETING = "say \"hi\"\nto 100% of $USER"
        PORT = "3000"
      }
      template {
        data = "{{ with nomadVar \"nomad/jobs/holdfast/holdfast-web/holdfast-web\" }}API_TOKEN={{ .API_TOKEN | toJSON }}\nDB_PASSWORD={{ .DB_PASSWORD | toJSON }}\n{{ end }}"
        destination = "secrets/env"
        env = true
      }
      resources {
        cpu = 3750
        memory = 191
        memory_max = 287
      }
    }
  }
  group "holdfast-chat" {
    count = 1
    restart {
      attempts = 10
      interval = "60000ms"
      delay = "100ms"
      mode = "fail"
    }
    update {
      health_check = "task_states"
    }
    task "holdfast-chat" {
      driver = "docker"
      kill_signal = "SIGTERM"
      kill_timeout = "40s"
      config {
        image = "holdfast-chat"
        command = "node"
        args = ["/app/server.js"]
        work_dir = "/app/chat"
        init = true
        readonly_rootfs = true
        cap_drop = ["all"]
        security_opt = ["no-new-privileges"]
        mount {
          type = "tmpfs"
          target = "/tmp"
          readonly = false
        }
      }
      env {
        NODE_ENV = "production"
      }
      resources {
        memory = 256
      }
    }
  }
  group "holdfast-spare" {
    count = 0
    restart {
      attempts = 10
      interval = "60000ms"
      delay = "100ms"
      mode = "fail"
    }
    update {
      canary = 0
      auto_promote = false
    }
    task "holdfast-spare" {
      driver = "docker"
      kill_signal = "SIGTERM"
      kill_timeout = "40s"
      config {
        image = "holdfast-spare"
        command = "node"
        args = ["/app/server.js"]
        work_dir = "/app/spare"
        init = true
        readonly_rootfs = true
        cap_drop = ["all"]
        security_opt = ["no-new-privileges"]
        mount {
          type = "tmpfs"
          target = "/tmp"
          readonly = false
        }
      }
      env {
        NODE_ENV = "production"
      }
      resources {
        memory = 256
      }
    }
  }
}
