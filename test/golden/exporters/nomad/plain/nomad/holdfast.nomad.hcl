# Not in these files:
# - apps.web.log: lines go to stdout and stderr, and the platform keeps them, by its own rules
# - apps.web.sticky: by a cookie of Traefik
# - apps.web.drain: clients of Nomad kill after 30 s in any case, unless their `max_kill_timeout` is longer
# - apps.web.restart.when: whatever ends is a failure, whether it was one or not
# - apps.web.restart: Nomad restarts it after the same pause each time
# - apps.web.restart: after too many restarts it is tried on another machine
# - sites.example.com.accessLog: not in the labels: Traefik has middlewares and settings of its own for that
# - edge: Traefik is in front, with its own limits and times
#
# Written by `hold export nomad`. Push the images of `hold export dockerfile`, put their names (and a new tag
# for each version) into this file, then: nomad job run nomad/holdfast.nomad.hcl
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
        to = 4000
      }
    }
    shutdown_delay = "5s"
    service {
      name = "holdfast-web"
      provider = "nomad"
      port = "http"
      tags = ["traefik.enable=true", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.name=holdfast-web-session", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.httponly=true", "traefik.http.routers.holdfast-web-0.rule=Host(`example.com`)", "traefik.http.routers.holdfast-web-0.priority=5000002", "traefik.http.routers.holdfast-web-0.service=holdfast-web", "traefik.http.routers.holdfast-web-0.entrypoints=web"]
      check {
        type = "tcp"
        interval = "10000ms"
        timeout = "5000ms"
      }
    }
    restart {
      attempts = 10
      interval = "60000ms"
      delay = "100ms"
      mode = "fail"
    }
    task "holdfast-web" {
      driver = "docker"
      kill_signal = "SIGTERM"
      kill_timeout = "40s"
      config {
        image = "holdfast-web"
        command = "node"
        args = ["server.js"]
        work_dir = "/app"
        ports = ["http"]
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
        HOST = "0.0.0.0"
        PORT = "4000"
      }
      resources {
        memory = 256
      }
    }
  }
}
