import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { journalctl, systemctl } from '../../../policies/never-allow/programs/systemd.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { cases, said } from './argv.ts';

describe('systemctl', () => {
  it.each(
    cases(`
      restart web => restart unit
      --no-pager -H root@h stop web => stop unit (remote)
      -t service --state=failed kill web => kill unit
      daemon-reload => daemon-reload
      enable --now web => enable unit
      edit web => edit unit
      set-property web CPUQuota=1 => set-property unit
      reboot => reboot
      isolate rescue.target => isolate unit
      stat web => stat unit
      frobnicate status => frobnicate unit
      $VERB web => unknown.word
      "$VERB" web => unknown.word
      -H $HOST status => unknown.word
      --bogus restart status => unknown.word
      re$X web => unknown.word
      status web => ?status unit
      status $UNIT => ?status unit
      --user --no-pager status restart => ?status unit
      show -p MainPID web => ?show unit
      is-active --quiet web => ?is-active unit
      list-units --type=service => ?list-units
      --failed => ?list-units
      cat web => ?cat unit
      get-default => ?get-default
      --version => ?help
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(systemctl, text)).toBe(expected);
  });

  it('never takes a verb that it does not know for a read, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z-]{3,9}x$/), fc.array(fc.string()), (verb, after) => {
        const reading = systemctl.read([verb, ...after].map(literal));
        if (reading.kind === 'read' && !verb.startsWith('-') && !after.some((text) => text.startsWith('-')))
          expect(reading.actions[0]?.effect).toBe('write');
        journalctl.read([verb, ...after].map(literal));
      }),
    );
  });
});

describe('journalctl', () => {
  it.each(
    cases(`
      --vacuum-size=1G => vacuum-size journal
      --vacuum-time 1s => vacuum-time journal
      --vac 1s => journal
      --vacuum-si 1 => vacuum-size journal
      --rotate => rotate journal
      -u web --rotate --vacuum-time=1s => vacuum-time journal; rotate journal
      -p -1 --flush => flush journal
      -n -1 --sync => sync journal
      --cursor-file=f => cursor-file journal
      -u $UNIT => journal
      --bogus => journal
      -u web -f => ?journal
      -u web -n 20 --no-pager => ?journal
      -n20 -b-1 -xe => ?journal
      -b -1 --since '1 hour ago' => ?journal
      -k -o json _PID=1 => ?journal
      -u "$UNIT" => ?journal
      -u web* => ?journal
      -u * => journal
      --disk-usage => ?journal
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(journalctl, text)).toBe(expected);
  });
});
