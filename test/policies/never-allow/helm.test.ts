import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helm } from '../../../policies/never-allow/programs/helm.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, cases, said } from './argv.ts';

const effects = (text: string): string[] => {
  const reading = helm.read(argv(text));
  return reading.kind === 'unknown' ? ['unknown'] : reading.actions.map(({ effect }) => effect);
};

describe('helm: writes', () => {
  it.each(
    cases(`
      uninstall web -n prod => uninstall release; delete * (cascade)
      delete web => uninstall release; delete * (cascade)
      del web api => uninstall release; delete * (cascade)
      -n prod --kube-context c un web => uninstall release; delete * (cascade)
      uninstall $RELEASE --dry-run => uninstall release (dry-run); delete * (cascade)
      uninstall web --dry-run=false => uninstall release; delete * (cascade)
      uninstall web --dry-run => uninstall release (dry-run)
      upgrade => upgrade release
      upgrade --install web ./chart --set tag=$TAG => upgrade release
      upgrade web ./chart --force => upgrade release (force)
      upgrade web ./chart --dry-run=none => upgrade release
      upgrade web ./chart --dry-run => upgrade release (dry-run)
      install repo/chart -g => install release
      rollback web 3 => rollback release
      test web => test release
      repo add stable https://x => repo-add
      dependency update . => dependency-update
      plugin install https://x => plugin-install
      plugin rm diff => plugin-uninstall
      registry login r => registry-login
      pull repo/chart => pull
      package . => package
      create web => create
      diff upgrade web . => plugin diff; > helm-diff upgrade web .
      template . --output-dir out => template
      template $CHART => template
      list --bogus => list (unknown-option)
      --bogus list => (unknown-option); list (unknown-option)
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(helm, text)).toBe(expected);
    expect(effects(text)).toContain('write');
  });

  it('hands on the program that renders for it', () => {
    expect(said(helm, 'template . --post-renderer sh --post-renderer-args -c --post-renderer-args x')).toBe(
      '?template; > sh -c x',
    );
  });

  it('sees the uninstallation behind an option that helm takes to have a value', () => {
    expect(said(helm, '--wait uninstall web')).toBe('uninstall release; delete * (cascade)');
    expect(said(helm, '--wait list uninstall web')).toContain('delete * (cascade)');
  });
});

describe('helm: what is not decided', () => {
  it.each([
    '$VERB web',
    '"$VERB" web',
    '-n $NS list',
    'get $X',
    'repo "$X"',
    '--aaa --bbb --ccc --ddd list',
    'un$X web',
    '$@',
  ])('does not decide `%s`', (text) => {
    expect(said(helm, text)).toMatch(/^unknown\./);
  });
});

describe('helm: reads', () => {
  it.each([
    ...['list -A', 'ls', 'status web -n prod', 'history web', 'get web', 'get manifest web', 'get values web --all'],
    ...['show values repo/chart', 'inspect chart x', 'search repo delete', 'search hub x', 'template web ./chart'],
    ...['repo list', 'dep ls', 'plugin list', 'lint .', 'verify x.tgz', 'env', 'version --short', '--help', ''],
    ...['uninstall --help', 'list -n $NS', 'status uninstall', 'help uninstall web'],
  ])('takes `%s` for one', (text) => {
    expect(effects(text)).not.toContain('write');
    expect(effects(text)).not.toContain('unknown');
  });
});

describe('helm: the grammar', () => {
  const options = [['-n', 'shop'], ['--namespace=shop'], ['--debug'], ['--kube-context', 'c'], ['--timeout=5m']];
  const spread = fc.shuffledSubarray(options).map((chosen) => chosen.flat());

  it('reads the same wherever the options stand', () => {
    fc.assert(
      fc.property(spread, spread, (before, after) => {
        const words = [...before, 'uninstall', ...after, 'web', ...before].map(literal);
        expect(helm.read(words)).toEqual(helm.read(argv('uninstall web')));
      }),
    );
  });

  it('never takes a verb that it does not know for a read, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,9}x$/), fc.array(fc.string()), (verb, after) => {
        const reading = helm.read([verb, ...after].map(literal));
        if (reading.kind === 'read') expect(reading.actions.map(({ effect }) => effect)).toContain('write');
      }),
    );
  });
});
