// Contract of a topic's subscriptions beside each other: they are independent, and consumers of one share it.
import assert from 'node:assert/strict'
import { TE } from '../../fp.ts'
import { consuming, gated, names, notNow, subscription } from '../consuming.ts'
import type { ContractCase } from '../contract.ts'
import { range, right, until } from '../check.ts'
import { candidate } from '../samples.ts'
import { release } from '../steps.ts'

const batch = (from: number, to: number, entity = 'Lead') =>
  range(from, to).map((n) => candidate({ id: String(n % 3), at: n, entity }))
const distinct = (events: readonly { readonly eventId: string }[]): number =>
  new Set(events.map(({ eventId }) => eventId)).size

export const topicSharing: readonly ContractCase[] = [
  {
    name: 'each subscription gets every event',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const all = ['one', 'two', 'three'].map((name) => subscription(name))
        for (const each of all) await right(ports.topic.register(each))
        const consumers = all.map((each) => consume(ports.topic, each))
        const stored = await release(ports, batch(1, 10))
        for (const { events } of consumers)
          await until('all came', () => distinct(events()) === stored.length)
      }),
  },
  {
    name: 'a subscription that fails and one that hangs hold up nobody else',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const [failing, hanging, fine] = ['failing', 'hanging', 'fine'].map((name) => subscription(name)) as [
          ReturnType<typeof subscription>,
          ReturnType<typeof subscription>,
          ReturnType<typeof subscription>,
        ]
        for (const each of [failing, hanging, fine]) await right(ports.topic.register(each))
        const { handler, open } = gated()
        try {
          const first = consume(ports.topic, failing, () => notNow)
          const second = consume(ports.topic, hanging, handler)
          const third = consume(ports.topic, fine)
          const stored = await release(ports, batch(1, 10))
          await until('the fine one has all', () => distinct(third.events()) === stored.length)
          await until('the failing one keeps trying', () => first.failures.length >= 2)
          assert.deepEqual([first.events().length, second.events().length], [0, 0])
        } finally {
          open()
        }
      }),
  },
  {
    name: 'a subscription of the same name on another kind of entity is another subscription',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const [lead, account] = [subscription('s'), subscription('s', { entity: 'Account' })]
        await right(ports.topic.register(lead))
        await release(ports, batch(1, 4))
        await release(ports, batch(1, 2, 'Account'))
        await right(ports.topic.register({ ...account, from: 'now' }))
        const last = await release(ports, batch(3, 3, 'Account'))
        const [leads, accounts] = [consume(ports.topic, lead), consume(ports.topic, account)]
        await until(
          'both have theirs',
          () => distinct(leads.events()) === 4 && distinct(accounts.events()) === 1,
        )
        assert.deepEqual([...new Set(names(accounts.events()))], names(last))
      }),
  },
  {
    name:
      'ready: resolves with nothing to do, on a first failure, and while another consumer holds the ' +
      'subscription',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        await consume(ports.topic, subscription('s')).ready
        await consume(ports.topic, subscription('s')).ready
        await right(ports.topic.register(subscription('failing')))
        await release(ports, batch(1, 1))
        await consume(ports.topic, subscription('failing'), () => notNow).ready
      }),
  },
  {
    name: 'connections: consumers of one subscription take all its events between them',
    needs: { secondConnection: true },
    run: ({ ports, connect }) =>
      consuming(async (consume) => {
        const other = await connect()
        await right(ports.topic.register(subscription('s')))
        await right(other.topic.register(subscription('s')))
        const [one, two] = [consume(ports.topic, subscription('s')), consume(other.topic, subscription('s'))]
        await Promise.all([one.ready, two.ready])
        const stored = [...(await release(ports, batch(1, 20))), ...(await release(other, batch(21, 40)))]
        await until('all came', () => distinct([...one.events(), ...two.events()]) === stored.length)
      }),
  },
  {
    name: 'connections: one consumer holds a subscription; when it stops, the next goes on behind it',
    needs: { secondConnection: true, log: true },
    run: ({ ports, connect }) =>
      consuming(async (consume) => {
        const other = await connect()
        await right(ports.topic.register(subscription('s')))
        const one = consume(ports.topic, subscription('s'))
        await one.ready
        const two = consume(other.topic, subscription('s'))
        await two.ready
        await release(other, batch(1, 20))
        await until('the holder has all', () => one.events().length === 20)
        const [mine, theirs] = [
          await right(ports.topic.progress(subscription('s'))),
          await right(other.topic.progress(subscription('s'))),
        ]
        assert.deepEqual([mine.mine, theirs.mine, theirs.holder], [true, false, mine.holder])
        assert.match(mine.holder ?? '', /.:\d+$/)
        await one.stop()
        await release(ports, batch(21, 30))
        await until('the next has the rest', () => two.events().length === 10)
        assert.deepEqual([one.events().length, distinct([...one.events(), ...two.events()])], [20, 30])
        assert.equal((await right(other.topic.progress(subscription('s')))).mine, true)
      }),
  },
  {
    name: 'connections: what the holder could not take, its successor is delivered',
    needs: { secondConnection: true },
    run: ({ ports, connect }) =>
      consuming(async (consume) => {
        const other = await connect()
        await right(ports.topic.register(subscription('s')))
        const failing = consume(ports.topic, subscription('s'), () => notNow)
        const stored = await release(ports, batch(1, 5))
        await until('it failed', () => failing.failures.length > 0)
        const next = consume(other.topic, subscription('s'))
        await failing.stop()
        await until('all came', () => distinct(next.events()) === stored.length)
      }),
  },
  {
    name: 'connections: handlers of one subscription never run side by side on a log',
    needs: { secondConnection: true, log: true },
    run: ({ ports, connect }) =>
      consuming(async (consume) => {
        const others = [ports, await connect(), await connect()]
        await right(ports.topic.register(subscription('s')))
        let [running, most] = [0, 0]
        const handler = () => async () => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => {
            setImmediate(resolve)
          })
          running--
          return TE.right(undefined)()
        }
        const consumers = others.map(({ topic }) => consume(topic, subscription('s'), handler))
        for (const round of range(0, 9))
          await release(others[round % 3] as typeof ports, batch(round * 5 + 1, round * 5 + 5))
        await until('all came', () => distinct(consumers.flatMap(({ events }) => events())) === 50)
        assert.equal(most, 1)
      }),
  },
]
