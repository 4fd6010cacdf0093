// Contract of the query engine's evolve: columns are added as the schema grows, rows are never lost because
// one is late.
import assert from 'node:assert/strict'
import type { PropertySchema } from '../../model/schema.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { integer, list, nullOf, object, schemaFor, schemaOf, storedEvent, string } from '../samples.ts'

const one = storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string('Graz') } })

// What a value of `_extra` says, as JSON or as its text.
const extraOf = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)

export const queryEngineEvolve: readonly ContractCase[] = [
  {
    name: 'evolve: is repeatable, also many times at once, and keeps the rows',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [one])
      await right(queryEngine.evolve('Lead', schemaFor([one])))
      await Promise.all(
        range(1, 4).map(() =>
          right(
            queryEngine.evolve(
              'Lead',
              schemaFor([one, storedEvent({ id: 'a', sequence: 2, at: 2, content: { more: string('') } })]),
            ),
          ),
        ),
      )
      assert.deepEqual(await ask(queryEngine, 'SELECT city, more FROM Lead'), [{ city: 'Graz', more: null }])
    },
  },
  {
    name: 'evolve: what is appended before the first is refused or kept, and never taken and lost',
    run: async ({ ports: { queryEngine } }) => {
      const early = await queryEngine.append('Lead', [one])()
      if (early._tag === 'Left') assert.equal(early.left._tag, 'Unavailable')
      await right(queryEngine.evolve('Lead', schemaFor([one])))
      if (early._tag === 'Left') await right(queryEngine.append('Lead', [one]))
      assert.equal(await count(queryEngine, 'Lead_events'), 1)
    },
  },
  {
    name: 'evolve: without a single property, the events are there',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaOf()))
      assert.equal(await count(queryEngine, 'Lead'), 0)
      await right(queryEngine.append('Lead', [one]))
      assert.deepEqual(
        [
          await count(queryEngine, 'Lead_events'),
          await count(queryEngine, 'Lead'),
          await count(queryEngine, 'Lead_as_of($at)', { at: '2024-01-02T00:00:00Z' }),
        ],
        [1, 1, 1],
      )
    },
  },
  {
    name:
      'evolve: grows at the top, inside objects, inside lists of objects, and where a list was ' +
      'empty; older rows read null and []',
    run: async ({ ports: { queryEngine } }) => {
      const old = storedEvent({
        id: 'a',
        sequence: 1,
        at: 1,
        content: {
          address: object({ street: string('x') }),
          lines: list(object({ n: integer(1) }), object({ n: integer(2) })),
          tags: list(),
          box: object({}),
        },
      })
      await fill(queryEngine, [old])
      const young = storedEvent({
        id: 'b',
        sequence: 1,
        at: 1,
        content: {
          address: object({
            street: string('y'),
            zip: string('8010'),
            phones: list(string('1')),
            geo: object({ lat: integer(47) }),
          }),
          lines: list(
            object({
              n: integer(3),
              unit: string('kg'),
              codes: list(string('c')),
              of: object({ a: integer(1) }),
            }),
          ),
          tags: list(string('t')),
          box: object({ size: integer(9) }),
          top: string('new'),
          items: list(object({ names: list(string('n')) })),
        },
      })
      await fill(queryEngine, [young], { properties: schemaFor([old, young]).properties })
      const rows = await ask(
        queryEngine,
        'SELECT id, address, lines, tags, box, top, items FROM Lead ORDER BY id',
      )
      assert.deepEqual(rows[0], {
        id: 'a',
        address: { street: 'x', zip: null, phones: [], geo: null },
        tags: [],
        box: null,
        top: null,
        items: [],
        lines: [1n, 2n].map((n) => ({ n, unit: null, codes: [], of: null })),
      })
      assert.deepEqual(rows[1], {
        id: 'b',
        address: { street: 'y', zip: '8010', phones: ['1'], geo: { lat: 47n } },
        tags: ['t'],
        box: { size: 9n },
        top: 'new',
        items: [{ names: ['n'] }],
        lines: [{ n: 3n, unit: 'kg', codes: ['c'], of: { a: 1n } }],
      })
      assert.deepEqual(await ask(queryEngine, 'SELECT address.zip AS zip FROM Lead_events ORDER BY id'), [
        { zip: null },
        { zip: '8010' },
      ])
    },
  },
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
