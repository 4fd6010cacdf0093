// Contract of what becomes a column: the properties of whole and partial updates under any name, and
// nothing of which no field or element ever came.
import assert from 'node:assert/strict'
import type { PropertySchema } from '../../model/schema.ts'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { integer, list, object, schemaFor, schemaOf, storedEvent, string } from '../samples.ts'
import { one } from './query-engine-evolve.ts'

export const queryEngineColumns: readonly ContractCase[] = [
  {
    name: 'evolve: from whole updates to partial ones, and both in one history',
    run: async ({ ports: { queryEngine } }) => {
      const part = storedEvent({
        id: 'a',
        sequence: 2,
        at: 2,
        kind: 'partial',
        content: { phone: string('1') },
      })
      await fill(queryEngine, [one])
      await right(queryEngine.evolve('Lead', schemaFor([one, part], { updates: ['full', 'partial'] })))
      await right(queryEngine.append('Lead', [part]))
      assert.deepEqual(await ask(queryEngine, 'SELECT city, phone FROM Lead'), [{ city: 'Graz', phone: '1' }])
    },
  },
  {
    name: 'evolve: takes names that mean something in SQL, or to this engine',
    run: async ({ ports: { queryEngine } }) => {
      const names = [
        'instant',
        'e',
        'f',
        'l',
        'r',
        'select',
        'from',
        'order',
        'group',
        'value',
        'element',
        'key',
        'count',
        'null',
        'end',
        'Lead',
        'lead_log',
        'rowid',
        'main',
        '_floor',
        '_',
        '_a',
        'x'.repeat(300),
      ]
      for (const [entity, kind, which] of [
        ['Lead', 'full', 0],
        ['Account', 'partial', 0],
        ['Contact', 'full', 1],
        ['Item', 'partial', 1],
      ] as const) {
        const content = Object.fromEntries(
          names.map((name, i) => [
            name,
            i % 2 === which ? object({ _sequence: string('no'), [name]: integer(i) }) : string(name),
          ]),
        )
        await fill(
          queryEngine,
          [1, 2].map((sequence) => storedEvent({ id: 'a', sequence, at: sequence, kind, content })),
          { updates: [kind] },
          entity,
        )
        for (const from of [entity, `${entity}_as_of($at)`, `${entity}_events WHERE _sequence = 2`]) {
          const [row] = await ask(
            queryEngine,
            `SELECT * FROM ${from}`,
            from.includes('$at') ? { at: '2024-01-02T00:00:00Z' } : {},
          )
          for (const [i, name] of names.entries())
            assert.deepEqual(
              row?.[name],
              i % 2 === which ? { _sequence: 'no', [name]: BigInt(i) } : name,
              `${name} in ${from}`,
            )
        }
      }
    },
  },
  {
    name: 'evolve: takes kinds of entity whose names mean something in SQL',
    run: async ({ ports: { queryEngine } }) => {
      for (const entity of ['Order', 'Group', 'Table', 'Main', 'Lead_entities', 'L'.repeat(100)]) {
        await fill(queryEngine, [{ ...one, entity }], {}, entity)
        assert.deepEqual(
          [
            (await right(queryEngine.lacking(entity, [one]))).length === 0,
            await count(queryEngine, `${entity}_events`),
          ],
          [true, 1],
        )
      }
    },
  },
  {
    name:
      'evolve: an object that never had a field, and a list that never had an element, have no ' +
      'column and lose nothing',
    run: async ({ ports: { queryEngine } }) => {
      const empty: { readonly [name: string]: PropertySchema } = {
        box: { type: 'EmbeddedObject', fields: {} },
        tags: { type: 'List' },
        id: { type: 'String' },
        updatedAt: { type: 'DateTime' },
      }
      await right(queryEngine.evolve('Lead', schemaOf(empty)))
      await right(
        queryEngine.append('Lead', [
          storedEvent({ id: 'a', sequence: 1, at: 1, content: { box: object({}), tags: list() } }),
        ]),
      )
      const [row] = await ask(queryEngine, 'SELECT * FROM Lead')
      assert.deepEqual(
        ['box' in (row ?? {}), 'tags' in (row ?? {}), row?.['id'], row?.['_present']],
        [false, false, 'a', ['box', 'id', 'tags', 'updatedAt']],
      )
    },
  },
]
