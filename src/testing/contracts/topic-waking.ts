// Contract of waking: a consumer that sleeps learns of each event, whoever stored it.
import { consuming, names, subscription } from '../consuming.ts'
import type { ContractCase } from '../contract.ts'
import { range, right, until } from '../check.ts'
import { candidate, schemaOf } from '../samples.ts'
import { append } from '../steps.ts'
import { batch } from './topic-delivery.ts'

export const topicWaking: readonly ContractCase[] = [
  {
    name: 'wakes a consumer for each event, at whatever step of falling asleep it comes',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        await right(ports.eventStore.saveSchema('Lead', schemaOf(), 0))
        // Stored and published in as few steps as can be, n steps after the consumer took the event before.
        const next = async (n: number): Promise<void> => {
          const update = candidate({ id: String(n), at: n })
          for (const _ of range(1, n)) await undefined
          const appended = await ports.eventStore.append({
            candidates: [update],
            guards: [{ entity: 'Lead', version: 1 }],
          })()
          if (appended._tag === 'Left' || appended.right._tag === 'schema-moved') return
          await ports.topic.publish(
            appended.right.outcomes.map(({ event }) => ({
              ...event,
              entity: 'Lead',
              kind: 'full',
              payload: update.payload,
            })),
            () => ({}),
          )()
        }
        const seen = new Set<string>()
        const { ready } = consume(ports.topic, subscription('s'), ({ events }) => async () => {
          const before = seen.size
          for (const name of names(events)) seen.add(name)
          if (seen.size > before && seen.size < 60) void next(seen.size + 1)
          return { _tag: 'Right', right: undefined }
        })
        await ready
        await next(1)
        await until('all came', () => seen.size === 60, 4_500)
      }),
  },
  {
    name: 'what another process stored and died before it published is delivered from the log',
    needs: { log: true, secondConnection: true },
    run: ({ ports, connect }) =>
      consuming(async (consume) => {
        const other = await connect()
        await right(ports.topic.register(subscription('s')))
        const { events, ready } = consume(ports.topic, subscription('s'))
        await ready
        const outcomes = await append(other.eventStore, batch(1, 5))
        await until('they came', () => events().length === outcomes.length)
      }),
  },
]
