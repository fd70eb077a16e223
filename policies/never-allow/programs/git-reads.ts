import type { Reader } from './read-tables.ts';

/*
 * git, without what runs another program (`-c`, `--exec-path`, `--ext-diff`, `--textconv`, `--open-files-in-pager`,
 * `--upload-pack`) or writes a file (`--output`), and without abbreviations, which could be one of those. The repository's own
 * settings are trusted to be what people made them, as those of a start file are.
 */

const diff =
  'p patch u s no-patch stat shortstat numstat dirstat summary name-only name-status raw compact-summary color no-color word-diff ' +
  'color-words check full-index binary abbrev no-renames M find-renames C find-copies D R a text w ignore-all-space b ' +
  'ignore-space-change ignore-blank-lines W function-context exit-code quiet no-ext-diff no-textconv cached staged merge-base no-index ' +
  'patience minimal histogram diff-filter unified inter-hunk-context relative no-prefix pickaxe-regex pickaxe-all ignore-submodules z';
const diffValued = 'U S G diff-algorithm';
const log =
  'oneline graph all branches tags remotes decorate no-decorate pretty format date merges no-merges first-parent reverse follow ' +
  'abbrev-commit no-abbrev-commit topo-order date-order author-date-order left-right cherry-pick cherry cherry-mark boundary ' +
  'i regexp-ignore-case E extended-regexp F fixed-strings P perl-regexp all-match invert-grep show-signature relative-date walk-reflogs g ' +
  'no-walk parents children source full-history simplify-by-decoration ancestry-path c cc m no-notes notes count no-pager';
const logValued = 'n max-count skip since after until before author committer grep L';

export const gitReads: Reader = {
  names: 'git',
  style: 'pflag',
  valued: 'C',
  flags: 'no-pager no-optional-locks no-replace-objects literal-pathspecs bare version',
  commands: [
    {
      paths: 'status',
      valued: '',
      flags:
        's short b branch v verbose porcelain long u untracked-files ignored ignore-submodules z show-stash ahead-behind no-ahead-behind column no-column renames no-renames',
    },
    {
      paths: 'log|whatchanged|shortlog|reflog show',
      valued: `${logValued} ${diffValued}`,
      flags: `${log} ${diff} e email numbered summary group`,
    },
    { paths: 'reflog', flags: 'oneline date all', argumentsMax: 0 },
    { paths: 'show|stash show', valued: `${logValued} ${diffValued}`, flags: `${log} ${diff}` },
    { paths: 'diff|diff-tree|diff-index|diff-files', valued: diffValued, flags: `${diff} r t root stdin` },
    { paths: 'stash list', valued: logValued, flags: log },
    {
      paths: 'blame|annotate',
      valued: 'L S',
      flags:
        'b c l t w s e f n p root porcelain line-porcelain incremental show-name show-number show-email date since M C color-lines color-by-age first-parent reverse',
    },
    {
      paths: 'rev-parse',
      flags:
        'short verify quiet q abbrev-ref symbolic-full-name show-toplevel show-prefix is-inside-work-tree git-dir absolute-git-dir is-bare-repository branches tags all symbolic',
    },
    { paths: 'rev-list', valued: logValued, flags: `${log} objects` },
    {
      paths: 'describe',
      valued: 'match exclude candidates',
      flags: 'all tags always long dirty broken exact-match first-parent contains abbrev',
    },
    {
      paths: 'ls-files',
      valued: 'x exclude X exclude-from',
      flags:
        'c cached d deleted m modified o others s stage t v z u unmerged i ignored exclude-standard error-unmatch full-name eol',
    },
    { paths: 'ls-tree', flags: 'd r t l long z name-only name-status object-only full-name full-tree abbrev' },
    { paths: 'cat-file', flags: 'e p t s' },
    {
      paths: 'grep',
      valued: 'e A B C m max-count max-depth threads f',
      flags:
        'n line-number i ignore-case v invert-match w word-regexp l files-with-matches name-only L files-without-match c count E extended-regexp F fixed-strings G basic-regexp P perl-regexp h H heading break color no-color cached untracked no-index q quiet p show-function W function-context and or not all-match a text I r recursive full-name',
    },
    {
      paths: 'name-rev|merge-base|show-ref|for-each-ref|count-objects|check-ignore|var',
      valued: 'count',
      flags:
        'all tags heads d dereference verify hash s abbrev fork-point is-ancestor octopus name-only always format sort contains no-contains merged no-merged points-at v H human-readable verbose q quiet n non-matching l',
    },
    {
      paths: 'branch',
      flags: 'a all r remotes v vv verbose show-current color no-color column no-column sort format',
      argumentsMax: 0,
    },
    {
      paths: 'branch',
      flags: 'list a all r remotes v vv verbose contains merged no-merged points-at sort format color',
      needs: 'list contains merged no-merged points-at',
    },
    { paths: 'tag', flags: 'sort format column color', argumentsMax: 0 },
    {
      paths: 'tag',
      valued: '',
      flags: 'l list n contains merged no-merged points-at sort format column color i ignore-case',
      needs: 'l list contains merged no-merged points-at',
    },
    { paths: 'remote', flags: 'v verbose', argumentsMax: 0 },
    { paths: 'remote get-url', flags: 'all push' },
    {
      paths: 'config',
      flags:
        'get get-all get-regexp get-urlmatch list l show-origin show-scope global local system worktree name-only z null includes no-includes type bool int path',
      needs: 'get get-all get-regexp get-urlmatch list l',
    },
    {
      paths: 'config get|config list',
      flags: 'all regexp show-origin show-scope global local system worktree name-only z null type show-names',
    },
    { paths: 'worktree list', flags: 'v verbose porcelain z' },
    { paths: 'submodule status', flags: 'recursive cached q quiet' },
    { paths: 'version', flags: 'build-options' },
  ],
};
