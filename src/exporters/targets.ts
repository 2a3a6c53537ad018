/** Everything that can be exported, by the name that the command takes. */
import { apacheTarget } from './apache/target.ts';
import { caddyTarget } from './caddy/target.ts';
import { cloudrunTarget } from './cloudrun/target.ts';
import { composeTarget } from './compose/target.ts';
import { dockerfileTarget } from './dockerfile/target.ts';
import { ecsTarget } from './ecs/target.ts';
import { elasticbeanstalkTarget } from './elasticbeanstalk/target.ts';
import { flyTarget } from './fly/target.ts';
import { githubTarget } from './github/target.ts';
import { gitlabTarget } from './gitlab/target.ts';
import { grafanaTarget } from './grafana/target.ts';
import { haproxyTarget } from './haproxy/target.ts';
import { herokuTarget } from './heroku/target.ts';
import { kubernetesTarget } from './kubernetes/target.ts';
import { launchdTarget } from './launchd/target.ts';
import { nginxTarget } from './nginx/target.ts';
import { nomadTarget } from './nomad/target.ts';
import { openrcTarget } from './openrc/target.ts';
import { procfileTarget } from './procfile/target.ts';
import { railwayTarget } from './railway/target.ts';
import { renderTarget } from './render/target.ts';
import { runitTarget } from './runit/target.ts';
import { s6Target } from './s6/target.ts';
import { s6rcTarget } from './s6-rc/target.ts';
import { supervisordTarget } from './supervisord/target.ts';
import { swarmTarget } from './swarm/target.ts';
import { systemdTarget } from './systemd/target.ts';
import type { Target } from './target.ts';
import { traefikTarget } from './traefik/target.ts';
import { upstartTarget } from './upstart/target.ts';

export const targets: Readonly<Record<string, Target>> = {
  caddy: caddyTarget,
  haproxy: haproxyTarget,
  nginx: nginxTarget,
  systemd: systemdTarget,
  runit: runitTarget,
  s6: s6Target,
  's6-rc': s6rcTarget,
  supervisord: supervisordTarget,
  launchd: launchdTarget,
  openrc: openrcTarget,
  upstart: upstartTarget,
  procfile: procfileTarget,
  apache: apacheTarget,
  traefik: traefikTarget,
  compose: composeTarget,
  dockerfile: dockerfileTarget,
  kubernetes: kubernetesTarget,
  fly: flyTarget,
  render: renderTarget,
  cloudrun: cloudrunTarget,
  heroku: herokuTarget,
  gitlab: gitlabTarget,
  github: githubTarget,
  swarm: swarmTarget,
  railway: railwayTarget,
  nomad: nomadTarget,
  elasticbeanstalk: elasticbeanstalkTarget,
  ecs: ecsTarget,
  grafana: grafanaTarget,
};
