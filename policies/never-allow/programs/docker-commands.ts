/*
 * Which commands of docker, podman and nerdctl only read, in the spelling `OBJECT VERB`; every other one is a write. A
 * command that stands alone (`docker ps`) is the short form of one that names its object (`docker container ls`).
 */

const lines = (text: string): [string, readonly string[]][] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [object = '', ...verbs] = line.trim().split(/\s+/);
      return [object, verbs];
    });

/** The object that a command without one acts on. `-` is none. */
export const shortForms: ReadonlyMap<string, string> = new Map(
  lines(`
    container run create exec ps rm attach commit cp diff export inspect kill logs pause port rename restart start stats stop
    container top unpause update wait init checkpoint restore mount unmount umount exists clone
    image images rmi build pull push history import load save tag untag
    system info events
    - search version login logout help
  `).flatMap(([object, verbs]) => verbs.map((verb): [string, string] => [verb, object === '-' ? '' : object])),
);

/** Commands that have commands below them. */
export const groups = new Set(
  `builder checkpoint container context image manifest network plugin system trust volume config node secret service stack
  swarm pod kube play machine generate healthcheck farm artifact quadlet namespace apparmor ipfs`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

const reads = new Map(
  lines(`
    container ls inspect logs port stats top diff wait exists
    image ls inspect history exists tree diff
    volume ls inspect exists
    network ls inspect exists
    context ls inspect show
    system df info events
    plugin ls inspect
    checkpoint ls
    manifest inspect exists
    trust inspect
    config ls inspect
    secret ls inspect exists
    node ls ps inspect
    service ls ps inspect logs
    stack ls ps services config
    pod ls inspect logs stats top exists
    machine ls inspect info
    artifact ls inspect
    quadlet ls print
    namespace ls inspect
    buildx ls du version inspect
    compose ls ps config logs images port top events version stats volumes
  `),
);

/** Whether a command, with its verb canonical, only reads. */
export const onlyReads = (object: string, verb: string): boolean =>
  object === '' ? ['search', 'version', 'help', 'inspect'].includes(verb) : reads.get(object)?.includes(verb) === true;

const synonyms: ReadonlyMap<string, string> = new Map([
  ['list', 'ls'],
  ['remove', 'rm'],
  ['images', 'ls'],
  ['rmi', 'rm'],
  ['convert', 'config'],
  ['umount', 'unmount'],
]);
/** The canonical verb for an object: `docker container ps` is `container ls`. */
export function canonicalVerb(object: string, verb: string): string {
  if (verb === 'ps' && (object === 'container' || object === 'pod')) return 'ls';
  if (object === 'compose') return verb === 'list' ? 'ls' : verb === 'convert' ? 'config' : verb;
  if (object === 'stack' && (verb === 'down' || verb === 'up')) return verb === 'down' ? 'rm' : 'deploy';
  return synonyms.get(verb) ?? verb;
}
