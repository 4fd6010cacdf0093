// Content and fold of a document that hold everything a view can hold.
import type { Yadto } from '../../model/yadto.ts'
import type { DocumentFold } from '../../ports/view-store.ts'
import {
  at,
  awkwardSource,
  awkwardText,
  idOf,
  integer,
  list,
  nullOf,
  object,
  scalar,
  string,
} from '../samples.ts'

// 18 levels are kept as they are; the flow packs what lies deeper into one Json value.
const deep = (levels: number): Yadto =>
  levels === 0
    ? { end: string(awkwardText) }
    : { inner: object(deep(levels - 1)), items: list(object({ x: integer(1) }), object({})) }

export const everything: Yadto = {
  awkward: string(awkwardText),
  empty: string(''),
  long: string('x'.repeat(100_000)),
  nothing: nullOf('String'),
  no_list: nullOf('List'),
  no_object: nullOf('EmbeddedObject'),
  empty_list: list(),
  empty_object: object({}),
  integers: list(integer(1), integer(9223372036854775807n)),
  least: integer(-9223372036854775808n),
  double: scalar('Double', 'NaN'),
  decimal: scalar('Decimal', '99999999999999999999999999999.999999999'),
  boolean: scalar('Boolean', 'false'),
  instant: scalar('DateTime', '0001-01-01T00:00:00.000001Z'),
  date: scalar('Date', '9999-12-31'),
  time: scalar('Time', '23:59:59.999999'),
  bytes: scalar('Bytes', 'AP8='),
  json: scalar('Json', '{"a":[1,null]}'),
  constructor: string('c'),
  toString: object({ hasOwnProperty: string('h') }),
  nested: object(deep(16)),
}

export const fold: DocumentFold = {
  floor: { occurredAt: at(1), sequence: 1, deleted: false },
  last: {
    entityId: idOf('a'),
    eventId: `${idOf('a')}.000000000007`,
    sequence: 7,
    occurredAt: at(2),
    recordedAt: at(3),
    source: awkwardSource,
    version: '1',
    correlationId: 'c',
  },
  set: { email: { occurredAt: at(2), sequence: 7 }, constructor: { occurredAt: at(2), sequence: 7 } },
  state: everything,
}
