# Written by `hold export nomad`. Push the images of `hold export dockerfile`, put their names (and a new tag
# for each version) into this file, then: nomad job run nomad/holdfast-nightly.nomad.hcl
# Without Docker: `driver = "exec"`, with `command` = the path of node, and `args` = the script in a release
# that lies on each machine.

job "holdfast-nightly" {
  datacenters = ["*"]
  type = "batch"
  periodic {
    crons = ["30 2 1 * FRI"]
    time_zone = "UTC"
    prohibit_overlap = true
    enabled = true
  }
  group "holdfast-nightly" {
    restart {
      attempts = 0
      mode = "fail"
    }
    reschedule {
      attempts = 0
      unlimited = false
    }
    task "holdfast-nightly" {
      driver = "docker"
      kill_signal = "SIGTERM"
      kill_timeout = "10s"
      config {
        image = "holdfast-nightly"
        command = "python3"
        args = ["-m", "nightly"]
        work_dir = "/app/jobs"
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
