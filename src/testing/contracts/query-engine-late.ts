// Contract of columns that come late: no value is lost because its column is not there yet.
import assert from 'node:assert/strict'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { integer, list, nullOf, object, schemaFor, storedEvent, string } from '../samples.ts'
import { one } from './query-engine-evolve.ts'

// What a value of `_extra` says, as JSON or as its text.
const extraOf = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)

export const queryEngineLate: readonly ContractCase[] = [
  {
    name: 'late column: a value waits whole in _extra, and its row written again shows it',
    run: async ({ ports: { queryEngine } }) => {
      const late = storedEvent({
        id: 'a',
        sequence: 2,
        at: 2,
        content: {
          city: string('Linz'),
          phone: string('1'),
          tags: list(string('t')),
          address: object({ street: string('x'), zip: string('8010') }),
          lines: list(object({ n: integer(1), unit: string('kg') })),
          nothing: nullOf('Double'),
        },
      })
      const known = storedEvent({
        id: 'a',
        sequence: 1,
        at: 1,
        content: {
          city: string('Graz'),
          address: object({ street: string('w') }),
          lines: list(object({ n: integer(0) })),
        },
      })
      await fill(queryEngine, [known])
      await right(queryEngine.append('Lead', [late]))
      const [before] = await ask(queryEngine, 'SELECT _sequence, city, _extra, _present FROM Lead')
      assert.deepEqual([before?.['_sequence'], before?.['city']], [2n, 'Linz'])
      const { address, lines, phone, tags } = JSON.parse(late.payload) as { readonly [name: string]: unknown }
      assert.deepEqual(extraOf(before?.['_extra']), { address, lines, phone, tags })
      assert.deepEqual(before?.['_present'], [
        'address',
        'city',
        'id',
        'lines',
        'nothing',
        'phone',
        'tags',
        'updatedAt',
      ])
      await fill(queryEngine, [late], { properties: schemaFor([known, late]).properties })
      assert.deepEqual(
        await ask(queryEngine, 'SELECT city, phone, tags, address, lines, nothing, _extra FROM Lead'),
        [
          {
            city: 'Linz',
            phone: '1',
            tags: ['t'],
            address: { street: 'x', zip: '8010' },
            lines: [{ n: 1n, unit: 'kg' }],
            nothing: null,
            _extra: null,
          },
        ],
      )
      assert.deepEqual([await count(queryEngine, 'Lead_events'), await count(queryEngine, 'Lead')], [2, 1])
    },
  },
  {
    name: 'late column: also where its name is one that every object bears',
    run: async ({ ports: { queryEngine } }) => {
      const content = {
        constructor: string('c'),
        toString: list(string('t')),
        valueOf: object({ hasOwnProperty: string('h') }),
      }
      const late = storedEvent({ id: 'b', sequence: 1, at: 1, content })
      await fill(queryEngine, [one])
      await right(queryEngine.append('Lead', [late]))
      assert.deepEqual(
        extraOf((await ask(queryEngine, "SELECT _extra FROM Lead WHERE id = 'b'"))[0]?.['_extra']),
        content,
      )
      await fill(queryEngine, [one, late])
      assert.deepEqual(
        await ask(queryEngine, 'SELECT constructor, toString, valueOf, _extra FROM Lead ORDER BY id'),
        [
          { constructor: null, toString: [], valueOf: null, _extra: null },
          { constructor: 'c', toString: ['t'], valueOf: { hasOwnProperty: 'h' }, _extra: null },
        ],
      )
    },
  },
]
