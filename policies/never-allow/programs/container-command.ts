import type { Nested } from '../program.ts';
import { literal, literalOf, type Word } from '../word.ts';

/** Images whose entrypoint is a program judged here, by the last part of their name, and that program. */
const programs: ReadonlyMap<string, string> = new Map([
  ['kubectl', 'kubectl'],
  ['hyperkube', 'kubectl'],
  ['helm', 'helm'],
  ['k8s-helm', 'helm'],
  ['terraform', 'terraform'],
  ['opentofu', 'tofu'],
  ['tofu', 'tofu'],
  ['terragrunt', 'terragrunt'],
  ['aws-cli', 'aws'],
  ['awscli', 'aws'],
  ['mc', 'mc'],
  ['rclone', 'rclone'],
  ['s3cmd', 's3cmd'],
  ['s5cmd', 's5cmd'],
  ['psql', 'psql'],
  ['docker', 'docker'],
]);

/** `k8s-kubectl` and `terraform-ci` are taken for the program in their name. */
const programOf = (name: string): string | undefined =>
  programs.get(name) ?? name.split(/[-_.]/).flatMap((part) => programs.get(part) ?? [])[0];

/**
 * What a container is told to run: the arguments as a command of their own, as most images take them, and, for an image
 * whose entrypoint is a program judged here (`bitnami/kubectl delete …`), as arguments of that program. Never throws. What
 * any other entrypoint makes of its arguments is out of reach: starting a container is a write whatever it runs.
 */
export function containerCommand(image: Word | null, args: readonly Word[]): Nested[] {
  const [first] = args;
  if (first === undefined) return [];
  const name = literalOf(image ?? undefined)
    ?.replace(/@.*$/s, '')
    .split('/')
    .at(-1)
    ?.replace(/:.*$/s, '');
  const program = programOf(name?.toLowerCase() ?? '');
  const asArguments: Nested[] = program === undefined ? [] : [{ kind: 'argv', argv: [literal(program), ...args] }];
  const isOption = (first.kind === 'literal' ? first.value : first.prefix).startsWith('-');
  return isOption ? asArguments : [{ kind: 'argv', argv: args }, ...asArguments];
}
