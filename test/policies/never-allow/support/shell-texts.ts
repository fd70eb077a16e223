// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell
import fc from 'fast-check';

const names = ['X', 'Y', 'Z'];
const name = fc.constantFrom(...names);
const plain = fc.constantFrom('a', 'get', 'b c', 'x=y', '-n', '', 'del', 'ete', '1', 'a,b', ':', 'ü');
const bare = fc.constantFrom('a', 'get', '-n', 'x=y', 'del', '1', 'a,b', '.', '%', '+x', '@');

const parameter = fc.oneof(
  { weight: 4, arbitrary: name.map((one) => `$${one}`) },
  name.map((one) => `\${${one}}`),
  fc.tuple(name, fc.constantFrom(':-', '-', ':+', '+', ':='), bare).map(([one, op, word]) => `\${${one}${op}${word}}`),
  fc
    .tuple(name, fc.constantFrom('#', '##', '%', '%%'), fc.constantFrom('a', 'g*', '*e', '*', 'x', '?'))
    .map(([one, op, word]) => `\${${one}${op}${word}}`),
  fc
    .tuple(
      name,
      fc.constantFrom('/', '//', '/#', '/%'),
      fc.constantFrom('a', 'e', ' ', 'get'),
      fc.constantFrom('', 'k', 'q w'),
    )
    .map(([one, op, from, to]) => `\${${one}${op}${from}/${to}}`),
  fc
    .tuple(name, fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1, max: 3 }))
    .map(([one, from, count]) => `\${${one}: ${from}:${count}}`),
  fc.tuple(name, fc.constantFrom('^', '^^', ',', ',,')).map(([one, op]) => `\${${one}${op}}`),
  name.map((one) => `\${#${one}}`),
  name.map((one) => `\${!${one}}`),
  fc.constantFrom('$1', '$2', '$@', '$*', '$#', '${1:-d}', '${@:2}', '${A[@]}', '${A[1]}', '$A', '${A[*]}', '${#A[@]}'),
  fc.constantFrom('$((1+2))', '$((X=3))', '$((Y++))'),
);

const substitution = fc.oneof(
  plain.map((text) => `$(echo '${text}')`),
  plain.map((text) => `\`echo '${text}'\``),
  fc
    .tuple(fc.constantFrom('%s', '%s\\n', 'a%sb', '%b'), plain)
    .map(([format, text]) => `$(printf '${format}' '${text}')`),
  name.map((one) => `$(echo "$${one}")`),
  name.map((one) => `$(${one}=changed; echo $${one})`),
);

const piece: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: bare },
  plain.map((text) => `'${text}'`),
  plain.map((text) => `"${text}"`),
  fc.constantFrom(
    "$'\\x61'",
    "$'a\\tb'",
    "$'it\\'s'",
    '\\a',
    '\\ ',
    '\\$X',
    '"\\$X"',
    '"a\\b"',
    '""',
    "''",
    '~',
    '{',
    '}',
    ',',
    '#',
  ),
  { weight: 3, arbitrary: parameter },
  { weight: 3, arbitrary: parameter.map((text) => `"${text}"`) },
  parameter.map((text) => `"a${text}b"`),
  { weight: 2, arbitrary: substitution },
  substitution.map((text) => `"${text}"`),
  fc.constantFrom(
    '{a,b}',
    '{a,"b c"}',
    '{1..3}',
    '{a,{b,c}}',
    '{,x}',
    '{a}',
    '{$X,y}',
    '{a,b',
    "{'a,b',c}",
    '{c..a}',
    '{01..3}',
    '{a,b}{c,d}',
  ),
  fc.constantFrom('*', '[a]', '?', 'x*'),
);

export const word: fc.Arbitrary<string> = fc
  .array(piece, { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join(''))
  // A word that begins with `#` is a comment, and one of a brace alone is a word of the grammar.
  .filter((text) => !text.startsWith('#') && !/^[{}]$/.test(text));

const call = fc.array(word, { maxLength: 4 }).map((words) => ['stub', ...words].join(' '));
const assignment = fc.oneof(
  fc.tuple(name, fc.constantFrom('=', '=', '+='), word).map(([one, op, value]) => `${one}${op}${value}`),
  fc.array(word, { maxLength: 3 }).map((words) => `A=(${words.join(' ')})`),
  fc.array(word, { maxLength: 3 }).map((words) => `set -- ${words.join(' ')}`),
  fc
    .tuple(fc.constantFrom('export', 'declare', 'readonly', 'local'), name, word)
    .map(([by, one, value]) => `${by} ${one}=${value}`),
  name.map((one) => `unset ${one}`),
  fc.constantFrom(
    'IFS=,',
    'IFS=',
    'unset IFS',
    'shift',
    'read X <<< a',
    'read -r X Y <<< "a b"',
    'printf -v Z %s a',
    ': ${Y:=q}',
    'let X=5',
    '((X=2))',
    'X=(1)',
    'declare -u X',
    'true',
  ),
);

const simple: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: call },
  { weight: 5, arbitrary: assignment },
  fc.tuple(name, word, call).map(([one, value, text]) => `${one}=${value} ${text}`),
  fc.tuple(name, call).map(([one, text]) => `${one}='${text.replaceAll("'", `'\\''`)}'; eval "$${one}"`),
  fc.tuple(name, call).map(([one, text]) => `${one}='${text.replaceAll("'", `'\\''`)}'; $${one}`),
  call.map((text) => `eval '${text.replaceAll("'", `'\\''`)}'`),
  fc.tuple(word, call).map(([text, more]) => `echo ${text} | ${more}`),
  fc.tuple(word, name).map(([text, one]) => `cat <<EOF >/dev/null\n${text}\nEOF\nstub "$${one}"`),
  fc.constantFrom('break', 'continue', 'return', 'f', 'f a "b c"', 'g x'),
);

/** Shell texts that call `stub` with words of every kind, in every construct. */
export const shellText: fc.Arbitrary<string> = fc.letrec<{ text: string; list: string }>((tie) => ({
  list: fc.array(tie('text'), { minLength: 1, maxLength: 3 }).map((texts) => texts.join('\n')),
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: simple },
    fc.tuple(tie('list'), tie('list')).map(([a, b]) => `if stub c; then\n${a}\nelse\n${b}\nfi`),
    fc
      .tuple(name, fc.array(word, { maxLength: 3 }), tie('list'))
      .map(([one, words, body]) => `for ${one} in ${words.join(' ')}; do\n${body}\ndone`),
    tie('list').map((body) => `n=0; while ((n++ < 2)); do\n${body}\ndone`),
    fc.tuple(word, tie('list'), tie('list')).map(([one, a, b]) => `case ${one} in\na*)\n${a}\n;;\n*)\n${b}\n;;\nesac`),
    tie('list').map((body) => `(\n${body}\n)`),
    tie('list').map((body) => `{\n${body}\n}`),
    fc
      .tuple(fc.constantFrom('f', 'g'), tie('list'), word)
      .map(([one, body, arg]) => `${one}() {\n${body}\n}\n${one} ${arg}`),
    fc
      .tuple(tie('text'), fc.constantFrom('&&', '||', ';'), tie('text'))
      .map(([a, op, b]) => `{ ${a}\n} ${op} { ${b}\n}`),
    tie('list').map((body) => `{\n${body}\n} &\nwait`),
  ),
})).list;
