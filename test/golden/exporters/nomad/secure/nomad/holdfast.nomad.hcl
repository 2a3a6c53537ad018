# Not in these files:
# - apps.web: nobody holds its port: while its only container restarts, connections are refused
# - apps.web.log, apps.chat.log: lines go to stdout and stderr, and the platform keeps them, by its own rules
# - apps.web.sticky, apps.chat.sticky: by a cookie of Traefik
# - apps.web.drain, apps.chat.drain: clients of Nomad kill after 30 s in any case, unless their
#   `max_kill_timeout` is longer
# - apps.web.restart.when, apps.chat.restart.when: whatever ends is a failure, whether it was one or not
# - apps.web.restart, apps.chat.restart: Nomad restarts it after the same pause each time
# - apps.web.restart, apps.chat.restart: after too many restarts it is tried on another machine
# - sites.example.com.tls: Traefik brings the certificate; its entry points must be called web and websecure,
#   and its certificate resolver letsencrypt
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
    count = 1
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
      tags = ["traefik.enable=true", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.name=holdfast-web-session", "traefik.http.services.holdfast-web.loadbalancer.sticky.cookie.httponly=true", "traefik.http.routers.holdfast-web-0.rule=Host(`example.com`)", "traefik.http.routers.holdfast-web-0.priority=5000002", "traefik.http.routers.holdfast-web-0.service=holdfast-web", "traefik.http.routers.holdfast-web-0.entrypoints=websecure", "traefik.http.routers.holdfast-web-0.tls=true"]
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
        PORT = "3000"
      }
      resources {
        memory = 256
      }
    }
  }
  group "holdfast-chat" {
    count = 3
    network {
      port "http" {
        to = 4000
      }
    }
    shutdown_delay = "5s"
    service {
      name = "holdfast-chat"
      provider = "nomad"
      port = "http"
      tags = ["traefik.enable=true", "traefik.http.services.holdfast-chat.loadbalancer.sticky.cookie.name=holdfast-chat-session", "traefik.http.services.holdfast-chat.loadbalancer.sticky.cookie.httponly=true", "traefik.http.routers.holdfast-chat-0.rule=Host(`example.com`) && (Path(`/wsapp`) || PathPrefix(`/wsapp/`))", "traefik.http.routers.holdfast-chat-0.priority=5000008", "traefik.http.routers.holdfast-chat-0.service=holdfast-chat", "traefik.http.routers.holdfast-chat-0.entrypoints=websecure", "traefik.http.routers.holdfast-chat-0.tls=true"]
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
    task "holdfast-chat" {
      driver = "docker"
      kill_signal = "SIGTERM"
      kill_timeout = "40s"
      config {
        image = "holdfast-chat"
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
