/**
 * What a field of a parse node may hold: nothing that nests (`scalar`), a constant's value (`constant`), one tagged node,
 * a list of them (`blank-nodes`: an empty one may be among them), or one untagged node of a known shape.
 */
export type Field = 'scalar' | 'constant' | 'node' | 'nodes' | 'blank-nodes' | { readonly shape: string };
export type Shape = Readonly<Record<string, Field>>;

const of = (shape: string): Field => ({ shape });
const location = { location: 'scalar' } as const;

const select: Shape = {
  distinctClause: 'blank-nodes',
  targetList: 'nodes',
  fromClause: 'nodes',
  whereClause: 'node',
  groupClause: 'nodes',
  groupDistinct: 'scalar',
  havingClause: 'node',
  windowClause: 'nodes',
  sortClause: 'nodes',
  limitOffset: 'node',
  limitCount: 'node',
  limitOption: 'scalar',
  withClause: of('WithClause'),
  op: 'scalar',
  all: 'scalar',
  larg: of('SelectStmt'),
  rarg: of('SelectStmt'),
};

/** Where rows come from. No function, no TABLESAMPLE, no VALUES, no LATERAL, no XMLTABLE or JSON_TABLE. */
const sources: Readonly<Record<string, Shape>> = {
  RangeVar: {
    ...location,
    schemaname: 'scalar',
    relname: 'scalar',
    inh: 'scalar',
    relpersistence: 'scalar',
    alias: of('Alias'),
  },
  RangeSubselect: { subquery: 'node', alias: of('Alias') },
  JoinExpr: {
    jointype: 'scalar',
    isNatural: 'scalar',
    larg: 'node',
    rarg: 'node',
    usingClause: 'nodes',
    join_using_alias: of('Alias'),
    quals: 'node',
    alias: of('Alias'),
    rtindex: 'scalar',
  },
  Alias: { aliasname: 'scalar', colnames: 'nodes' },
  WithClause: { ...location, ctes: 'nodes' },
  CommonTableExpr: {
    ...location,
    ctename: 'scalar',
    aliascolnames: 'nodes',
    ctematerialized: 'scalar',
    ctequery: 'node',
  },
};

const calls: Readonly<Record<string, Shape>> = {
  FuncCall: {
    ...location,
    funcname: 'nodes',
    args: 'nodes',
    agg_order: 'nodes',
    agg_filter: 'node',
    over: of('WindowDef'),
    agg_within_group: 'scalar',
    agg_star: 'scalar',
    agg_distinct: 'scalar',
    funcformat: 'scalar',
  },
  WindowDef: {
    ...location,
    name: 'scalar',
    refname: 'scalar',
    partitionClause: 'nodes',
    orderClause: 'nodes',
    frameOptions: 'scalar',
    startOffset: 'node',
    endOffset: 'node',
  },
  SQLValueFunction: { ...location, op: 'scalar', typmod: 'scalar' },
  TypeCast: { ...location, arg: 'node', typeName: of('TypeName') },
  TypeName: { ...location, names: 'nodes', typmods: 'nodes', typemod: 'scalar', arrayBounds: 'nodes' },
};

/** No `A_Indirection`: `(1).f` calls the function `f`, whatever its name. */
const expressions: Readonly<Record<string, Shape>> = {
  ResTarget: { ...location, name: 'scalar', val: 'node' },
  ColumnRef: { ...location, fields: 'nodes' },
  A_Star: {},
  A_Const: {
    ...location,
    isnull: 'scalar',
    ival: 'constant',
    fval: 'constant',
    boolval: 'constant',
    sval: 'constant',
    bsval: 'constant',
  },
  A_Expr: {
    ...location,
    kind: 'scalar',
    name: 'nodes',
    lexpr: 'node',
    rexpr: 'node',
    rexpr_list_start: 'scalar',
    rexpr_list_end: 'scalar',
  },
  A_ArrayExpr: { ...location, elements: 'nodes', list_start: 'scalar', list_end: 'scalar' },
  BoolExpr: { ...location, boolop: 'scalar', args: 'nodes' },
  NullTest: { ...location, arg: 'node', nulltesttype: 'scalar', argisrow: 'scalar' },
  BooleanTest: { ...location, arg: 'node', booltesttype: 'scalar' },
  SubLink: { ...location, subLinkType: 'scalar', testexpr: 'node', operName: 'nodes', subselect: 'node' },
  CaseExpr: { ...location, arg: 'node', args: 'nodes', defresult: 'node' },
  CaseWhen: { ...location, expr: 'node', result: 'node' },
  CoalesceExpr: { ...location, args: 'nodes' },
  MinMaxExpr: { ...location, op: 'scalar', args: 'nodes' },
  RowExpr: { ...location, args: 'nodes', row_format: 'scalar' },
  SortBy: { ...location, node: 'node', sortby_dir: 'scalar', sortby_nulls: 'scalar' },
  GroupingSet: { ...location, kind: 'scalar', content: 'nodes' },
  List: { items: 'nodes' },
  String: { sval: 'scalar' },
  Integer: { ival: 'scalar' },
};

/** Every node type of a read, and every field of it. A node or a field that is missing here is refused. */
export const grammar: ReadonlyMap<string, Shape> = new Map(
  Object.entries({ SelectStmt: select, ...sources, ...calls, ...expressions }),
);
