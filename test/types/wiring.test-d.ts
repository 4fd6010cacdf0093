// A verb that is wired to another one's work does not compile: values and errors keep their types on the way.
import { expectTypeOf, test } from 'vitest'
import { E, type TaskEither } from 'dreampipe/fp'
import { entity, y, type AnyEntity, type ReadError, type Contention, type Verbs } from 'dreampipe'
import type { Boundary } from '../../src/flow/boundary.ts'
import { asOf } from '../../src/flow/query/past.ts'
import { current, find } from '../../src/flow/query/views.ts'
import { status } from '../../src/flow/status.ts'
import { verify } from '../../src/flow/prove/prove.ts'

declare const boundary: Boundary
const { onEntity, onPorts, known } = boundary
type Wired = Verbs<AnyEntity, 'fp'>

const Lead = entity('Lead', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  view: { calculated: { length: y.integer() }, calculate: ({ id }) => ({ length: id.length }) },
})

test('the right wires compile', () => {
  const right: Pick<Wired, 'current' | 'asOf'> = {
    current: (of, id) =>
      onEntity('current', of, (definition, ports, schemas) => current(ports, schemas, definition, id)),
    asOf: (of, id, at) =>
      onEntity('asOf', of, (definition, ports, schemas) => asOf(ports, schemas, definition, id, at)),
  }
  expectTypeOf(right.current(Lead, { id: '1' })).toEqualTypeOf<
    TaskEither<
      ReadError | Contention,
      { readonly id: string; readonly at: string; readonly length: number } | undefined
    >
  >()
})

test('current is not find', () => {
  const wrong: Pick<Wired, 'current'> = {
    current: (of) =>
      // @ts-expect-error a page of views is no view
      onEntity('current', of, (definition, ports, schemas) => find(ports, schemas, definition, {})),
  }
  expectTypeOf(wrong).toHaveProperty('current')
})

test('rebuild is not verify', () => {
  const wrong: Pick<Wired, 'rebuild'> = {
    // @ts-expect-error a proof is no rebuilt generation
    rebuild: (of) => onEntity('rebuild', of, (definition, ports) => verify(ports, definition, {})),
  }
  expectTypeOf(wrong).toHaveProperty('rebuild')
})

test("status has none of reading's errors", () => {
  const wrong: Pick<Wired, 'status'> = {
    status: () =>
      // @ts-expect-error it cannot meet InvalidQuery
      onPorts('status', (ports) => async () => {
        const invalid = await ports.queryEngine.query('', {}, { integers: 'number' })()
        return invalid._tag === 'Left' ? invalid : status('', ports, [])()
      }),
  }
  expectTypeOf(wrong).toHaveProperty('status')
})

test('known keeps what the work answers', () => {
  const work: TaskEither<Contention, number> = async () => E.right(1)
  expectTypeOf(known('run', Lead, work)).not.toEqualTypeOf<TaskEither<Contention, string>>()
})
