// Contract of a batch: it is appended as one, fails as one, and can be appended again.
import assert from 'node:assert/strict'
import type { ContractCase } from '../contract.ts'
import { left, right } from '../check.ts'
import { idOf, poisoned, schemaOf } from '../samples.ts'
import { append, guardsOf, historyOf, scanAll, short } from '../steps.ts'
import { version } from './event-store-append.ts'

export const eventStoreBatches: readonly ContractCase[] = [
  {
    name: 'an empty batch is appended',
    run: async ({ ports: { eventStore } }) => {
      assert.deepEqual(await right(eventStore.append({ candidates: [], guards: [] })), {
        _tag: 'appended',
        outcomes: [],
      })
      assert.deepEqual(
        await right(
          eventStore.append({ candidates: [], guards: [{ entity: 'Lead', version: 0, next: schemaOf() }] }),
        ),
        { _tag: 'appended', outcomes: [] },
      )
      assert.equal((await right(eventStore.schema('Lead')))?.version, 1)
    },
  },
  {
    name: 'an append is a task: nothing is stored before it is run, and running it again appends again',
    run: async ({ ports: { eventStore } }) => {
      const task = eventStore.append({
        candidates: [version(1)],
        guards: [{ entity: 'Lead', version: 0, next: schemaOf() }],
      })
      assert.deepEqual([await scanAll(eventStore), await right(eventStore.schema('Lead'))], [[], undefined])
      assert.equal((await right(task))._tag, 'appended')
      assert.deepEqual(await right(task), { _tag: 'schema-moved', entities: ['Lead'] })
      assert.equal((await scanAll(eventStore)).length, 1)
    },
  },
  {
    name: 'a batch that fails is one error, splits no entity, and can be appended again',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, [version(1, { id: 'z' })])
      const candidates = [version(1), version(2), poisoned({ id: 'a', at: 3 })]
      await left(
        eventStore.append({ candidates, guards: await guardsOf(eventStore, candidates) }),
        'Unavailable',
        'Contention',
      )
      assert.deepEqual(await historyOf(eventStore, idOf('a')), [])
      assert.deepEqual(short(await append(eventStore, [version(1), version(2), version(3)])), [
        'stored 1',
        'stored 2',
        'stored 3',
      ])
      assert.equal((await scanAll(eventStore)).length, 4)
    },
  },
  {
    name: 'the first batch of a kind of entity can fail and be appended again',
    run: async ({ ports: { eventStore } }) => {
      const candidates = [version(1), poisoned({ id: 'b', at: 1 })]
      await left(
        eventStore.append({ candidates, guards: [{ entity: 'Lead', version: 0, next: schemaOf() }] }),
        'Unavailable',
        'Contention',
      )
      await append(eventStore, [version(1), version(1, { id: 'b' })])
      assert.deepEqual(
        (await scanAll(eventStore)).map(({ entityId, sequence }) => [entityId, sequence]),
        [idOf('a'), idOf('b')].sort().map((id) => [id, 1]),
      )
    },
  },
]
