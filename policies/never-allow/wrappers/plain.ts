import type { Program } from '../program.ts';
import { wrapper } from './wrapper.ts';

const digits = '0 1 2 3 4 5 6 7 8 9';

/** Programs that run the command after their options in another setting: priority, time, session, root, namespace, tracing. */
export const plainWrappers: readonly Program[] = [
  wrapper('nohup', {}),
  wrapper('setsid', { flags: 'c ctty f fork w wait V h' }),
  wrapper('time', { valued: 'f format o output', flags: 'a append p portability q quiet v verbose V l' }),
  wrapper('timeout gtimeout', {
    valued: 'k kill-after s signal',
    flags: 'foreground preserve-status v verbose p f',
    skip: 1,
  }),
  wrapper('nice', { valued: 'n adjustment', flags: digits }),
  wrapper('ionice', { valued: 'c class n classdata', flags: 't ignore' }),
  wrapper('chrt', {
    valued: 'T sched-runtime P sched-period D sched-deadline',
    flags: 'b batch d deadline f fifo i idle o other r rr R reset-on-fork v verbose',
    skip: 1,
  }),
  wrapper('taskset', { flags: 'a all-tasks c cpu-list', skip: 1 }),
  wrapper('numactl', {
    valued: 'm membind N cpunodebind C physcpubind i interleave p preferred',
    flags: 'a all l localalloc b balancing',
  }),
  wrapper('stdbuf', { valued: 'i input o output e error' }),
  wrapper('chroot', { valued: 'userspec groups', flags: 'skip-chdir', skip: 1 }),
  wrapper('unshare', {
    valued: 'propagation map-user map-group map-users map-groups setgroups R root w wd S setuid G setgid',
    flags:
      'm mount u uts i ipc n net p pid U user C cgroup T time f fork r map-root-user c map-current-user map-auto keep-caps kill-child mount-proc',
  }),
  wrapper('nsenter', {
    valued: 't target S setuid G setgid',
    flags:
      'a all m mount u uts i ipc n net p pid U user C cgroup T time preserve-credentials r root w wd F no-fork Z follow-context',
  }),
  wrapper('strace', {
    valued:
      'a columns e expr E env I interruptible o output O overhead p attach P trace-path s string-limit S summary-sort-by u user U summary-columns X const-print-style b detach-on',
    flags:
      'A c summary-only C summary d debug D f follow-forks F i instruction-pointer k stack-traces n syscall-number q quiet r relative-timestamps t tt ttt T syscall-times v w summary-wall-clock x xx y yy z Z',
  }),
  wrapper('ltrace', { valued: 'a e l n o p s u x', flags: 'b c C f i L r S t T' }),
  wrapper('setarch linux32 linux64', { flags: 'B R Z L X 3 v' }),
  wrapper('fakeroot', { valued: 'l lib faked s i b', flags: 'u unknown-is-real h v' }),
  wrapper('catchsegv unbuffer torsocks torify', { flags: 'p' }),
  wrapper('caffeinate', { valued: 't w', flags: 'd i m s u' }),
  wrapper('rlwrap', { valued: 'b C D f H l m O p P q s S t w', flags: 'a A c d e E h i I n N o r R T U v W X z' }),
  wrapper('systemd-run', {
    valued:
      'unit p property description slice uid gid nice working-directory E setenv H host M machine on-active on-boot on-startup on-unit-active on-unit-inactive on-calendar path-property socket-property timer-property',
    flags:
      'user system scope r remain-after-exit send-sighup service-type wait t pty P pipe S shell q quiet collect G no-ask-password no-block same-dir d slice-inherit expand-environment',
  }),
  wrapper('dbus-run-session', { valued: 'config-file dbus-daemon' }),
];
