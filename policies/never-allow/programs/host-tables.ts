import type { OptionSpec } from '../options.ts';

/* Plain programs by what they may do. See host-programs.ts for how a table is read. */

/** Whatever they are told, these only print. */
export const printing = `
cat head tail wc cut tr ls stat df du free ps uptime whoami id groups pwd echo true false dig nslookup host ping ping6 printenv
uname nproc arch lscpu lsblk lsmem lspci lsusb lsof netstat vmstat iostat mpstat pidstat dirname basename realpath readlink
sleep seq jq gojq jaq md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base64 base32 od hexdump strings
cmp diff diff3 comm nl tac rev fold fmt column expand unexpand paste join getent who w users tty locale cal expr zcat bzcat
xzcat zstdcat grep egrep fgrep zgrep zegrep zfgrep bzgrep xzgrep pgrep pidof traceroute tracepath getconf numfmt tsort factor
look lsns lsipc lslocks lsmod modinfo pmap pstree ipcs dircolors hostid logname namei pathchk whereis which
`;

/**
 * These change something, and run nothing that they are told. Listed so that what they do has a name: any program that nobody
 * lists is a write all the same, and one that may run others (`tar`, `ip netns exec`, `crontab`) is better not listed here.
 */
export const writing = `
tee dd rm rmdir mv cp ln touch mkdir mkfifo mknod chmod chown chgrp truncate shred unlink kill pkill killall
`;

/** These print unless one of their words is of this form. */
export const printingUnless: ReadonlyMap<string, RegExp> = new Map([
  // Closes the sockets that it lists.
  ['ss', /^(-[^-]*K|--k)/],
  // Clears the kernel's buffer, or sets what goes to the console.
  ['dmesg', /^(-[^-]*[cCnDE]|--(cl|read-c|console))/],
  ['last', /^--?[^-]*C/],
]);

export type Limited = {
  readonly names: string;
  readonly style: OptionSpec['style'];
  readonly valued: string;
  readonly flags: string;
  /** Options that write or change something. */
  readonly writes: string;
  /** Options whose value is a program that is run. */
  readonly runs?: string;
  /** How many arguments there may be before one is written to, or sets something. */
  readonly argumentsMax?: number;
  /** Options without one of which the program takes orders from a terminal. */
  readonly needs?: string;
};

/** These print unless an option, or one argument too many, says otherwise. An option that is not listed may say so. */
export const limited: readonly Limited[] = [
  {
    names: 'sort',
    style: 'getopt',
    valued:
      'k key t field-separator S buffer-size T temporary-directory batch-size parallel random-source files0-from sort o output ' +
      'compress-program',
    flags:
      'b ignore-leading-blanks d dictionary-order f ignore-case g general-numeric-sort i ignore-nonprinting M month-sort h ' +
      'human-numeric-sort n numeric-sort R random-sort r reverse V version-sort c check C m merge s stable u unique z ' +
      'zero-terminated debug help version',
    writes: 'o output',
    runs: 'compress-program',
  },
  {
    names: 'shuf',
    style: 'getopt',
    valued: 'i input-range n head-count o output random-source',
    flags: 'e echo r repeat z zero-terminated help version',
    writes: 'o output',
  },
  {
    names: 'uniq',
    style: 'getopt',
    valued: 'f skip-fields s skip-chars w check-chars',
    flags: 'c count d repeated D all-repeated group i ignore-case u unique z zero-terminated help version',
    writes: '',
    argumentsMax: 1,
  },
  {
    names: 'date',
    style: 'getopt',
    valued: 'd date f file r reference s set rfc-3339 resolution',
    flags: 'debug I iso-8601 R rfc-email u utc universal help version',
    writes: 's set',
    argumentsMax: 0,
  },
  {
    names: 'hostname',
    style: 'getopt',
    valued: 'F file',
    flags:
      'a alias A all-fqdns b boot d domain f fqdn long i ip-address I all-ip-addresses s short y yp nis h help V version',
    writes: 'F file b boot',
    argumentsMax: 0,
  },
  {
    names: 'top',
    style: 'getopt',
    valued:
      'd delay E scale-summary-mem e scale-task-mem n iterations o sort-override p pid U filter-any-user u filter-only-euser',
    flags:
      'b batch-mode c cmdline-toggle H threads-show i idle-toggle O list-fields S accum-time-toggle s secure-mode w width 1 ' +
      'single-cpu-toggle h help V version',
    writes: '',
    needs: 'b batch-mode O list-fields h help V version',
  },
  {
    names: 'rg',
    style: 'getopt',
    valued:
      'A after-context B before-context C context color colors context-separator d max-depth dfa-size-limit E encoding e regexp ' +
      'engine f file field-context-separator field-match-separator g glob hostname-bin iglob ignore-file j threads M max-columns ' +
      'm max-count max-filesize path-separator pre pre-glob r replace regex-size-limit sort sortr T type-not t type type-add',
    flags:
      'a text b byte-offset c count count-matches F fixed-strings files l files-with-matches files-without-match L follow H ' +
      'with-filename I no-filename h help heading no-heading hidden i ignore-case v invert-match json line-buffered n line-number ' +
      'N no-line-number x line-regexp U multiline no-config no-ignore no-ignore-vcs no-messages 0 null o only-matching P pcre2 p ' +
      'pretty q quiet s case-sensitive S smart-case z search-zip stats trim type-list u unrestricted V version vimgrep w ' +
      'word-regexp passthru column debug trace one-file-system',
    writes: '',
    runs: 'pre hostname-bin',
  },
  {
    // Both programs of this name: mikefarah's and the wrapper of jq. `-s` splits into files in one of them.
    names: 'yq',
    style: 'pflag',
    valued:
      'o output-format p input-format I indent expression from-file f front-matter s split-exp split-exp-file w width',
    flags:
      'r raw-output unwrapScalar c compact-output C colors M no-colors N no-doc n null-input e exit-status P prettyPrint v ' +
      'verbose 0 nul-output j tojson h help V version i inplace in-place y yaml-output Y yaml-roundtrip x xml-output S',
    writes: 'i inplace in-place s split-exp split-exp-file',
  },
  {
    names: 'tree',
    style: 'getopt',
    valued: 'L P I o H T filelimit charset sort timefmt',
    flags:
      'a d f l x R h p u g s D i q N Q r t c U S n C A F J X noreport dirsfirst du prune matchdirs ignore-case inodes device help ' +
      'version',
    writes: 'o R',
  },
  {
    names: 'file',
    style: 'getopt',
    valued: 'm magic-file e exclude exclude-quiet f files-from F separator P parameter',
    flags:
      'z uncompress Z b brief c checking-printout i mime mime-type mime-encoding apple extension k keep-going l list L ' +
      'dereference h no-dereference n no-buffer N no-pad 0 print0 p preserve-date r raw s special-files S no-sandbox C compile d ' +
      'v version help',
    writes: 'C compile p preserve-date',
  },
  {
    names: 'xxd',
    style: 'getopt',
    valued: 'c cols g l len n name o s R',
    flags: 'a b E e i p u d v h r C',
    writes: 'r',
    argumentsMax: 1,
  },
];
