import type { Program } from '../program.ts';
import { env } from '../wrappers/environment.ts';
import { interpreters } from '../wrappers/interpreters.ts';
import { plainWrappers } from '../wrappers/plain.ts';
import { ssh, sshpass } from '../wrappers/remote.ts';
import { find, parallel, xargs } from '../wrappers/repeated.ts';
import { doas, runuser, su, sudo } from '../wrappers/run-as.ts';
import { busybox, flock, script, watch } from '../wrappers/text-runners.ts';
import { aws } from './aws.ts';
import { az } from './az.ts';
import { cdktf } from './cdktf.ts';
import { curl } from './curl.ts';
import { docker, dockerCompose, nerdctl, podman } from './docker.ts';
import { gcloud } from './gcloud.ts';
import { gsutil } from './gsutil.ts';
import { hadoop } from './hadoop.ts';
import { helm } from './helm.ts';
import { hostPrograms } from './host-programs.ts';
import { kubectl } from './kubectl.ts';
import { kubectlCarriers } from './kubectl-carriers.ts';
import { minioClient } from './minio-client.ts';
import { oc } from './oc.ts';
import { postgresTools } from './postgres-tools.ts';
import { pgcli, psql } from './psql.ts';
import { rclone } from './rclone.ts';
import { readPrograms } from './read-programs.ts';
import { redisCli } from './redis-cli.ts';
import { s3cmd } from './s3cmd.ts';
import { s5cmd } from './s5cmd.ts';
import { schedulers } from './schedulers.ts';
import { sqlClients } from './sql-clients.ts';
import { journalctl, systemctl } from './systemd.ts';
import { terraform } from './terraform.ts';
import { terragrunt } from './terragrunt.ts';
import { awk, sed } from './text-programs.ts';
import { wget } from './wget.ts';

/** Every program that runs what it is given: judged by what that is. */
const runners: readonly Program[] = [
  ...plainWrappers,
  ...interpreters,
  env,
  sudo,
  doas,
  su,
  runuser,
  ssh,
  sshpass,
  xargs,
  find,
  parallel,
  watch,
  script,
  flock,
  busybox,
];

/** Programs whose words say what they do. */
const targets: readonly Program[] = [
  ...[kubectl, oc, helm, docker, dockerCompose, podman, nerdctl, ...kubectlCarriers],
  ...[terraform, terragrunt, cdktf, gcloud, az, systemctl, journalctl],
  ...[aws, s3cmd, s5cmd, minioClient, rclone, gsutil, hadoop],
  ...[psql, pgcli, redisCli, ...sqlClients, ...postgresTools],
  ...[curl, wget, sed, awk, ...hostPrograms, ...readPrograms, ...schedulers],
];

/** Every program by each of its names. Throws `TypeError` for a name that two programs claim. */
export function programsByName(programs: readonly Program[]): ReadonlyMap<string, Program> {
  const found = new Map<string, Program>();
  for (const program of programs)
    for (const name of program.names) {
      if (found.has(name)) throw new TypeError(`two programs are named \`${name}\``);
      found.set(name, program);
    }
  return found;
}

export const allPrograms: ReadonlyMap<string, Program> = programsByName([...runners, ...targets]);
