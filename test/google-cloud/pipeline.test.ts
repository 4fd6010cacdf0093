// The whole pipeline on Google's emulators: submit, views, history, subscriptions, roles apart.
import { describe, expect, test } from 'vitest'
import type { Receipt } from 'dreampipe'
import { collect, day, Lead, source, until } from '../flow/kit.ts'
import { newProject, servers } from './kit.ts'
import { lead, openOn, withoutSql } from './leads.ts'

const found = await servers('the pipeline on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }
const open = openOn(hosts)

describe.runIf(found)('the pipeline', () => {
  test('stores, recognises duplicates, projects views, reads history and past states', async () => {
    const pipeline = open(newProject())
    await pipeline.start({ roles: withoutSql })
    const first = await pipeline.submit(lead('a', 1, { email: 'a@x.org' }))
    const again = await pipeline.submit(lead('a', 1, { email: 'a@x.org' }))
    const second = await pipeline.submit(lead('a', 3, { email: 'a@y.org', score: 9_007_199_254_740_991 }))
    const late = await pipeline.submit(lead('a', 2, { email: 'late@x.org' }))
    expect([
      first.status,
      again.status,
      again.eventId === first.eventId,
      second.sequence,
      late.sequence,
    ]).toEqual(['stored', 'duplicate', true, 2, 3])
    await until(async () => (await pipeline.current(Lead, { id: 'a' }))?.email === 'a@y.org')
    expect(await pipeline.current(Lead, { id: 'a' })).toMatchObject({
      id: 'a',
      email: 'a@y.org',
      domain: 'y.org',
      score: 9_007_199_254_740_991,
    })
    expect((await pipeline.asOf(Lead, { id: 'a' }, day(2)))?.email).toBe('late@x.org')
    expect(
      (await collect(pipeline.history(Lead, { id: 'a' }))).map(({ sequence, occurredAt }) => [
        sequence,
        occurredAt.slice(8, 10),
      ]),
    ).toEqual([
      [1, '01'],
      [2, '03'],
      [3, '02'],
    ])
    await pipeline.submit(Lead.toDelete({ id: 'a', at: day(4) }, source))
    await until(async () => (await pipeline.current(Lead, { id: 'a' })) === undefined)
  })

  test('find pages by an indexed property', async () => {
    const pipeline = open(newProject())
    await pipeline.start({ roles: withoutSql })
    await pipeline.submitAll(
      Array.from({ length: 45 }, (_, i) =>
        lead(`${i}`, 1, { email: i % 3 === 0 ? 'third@x.org' : 'other@x.org' }),
      ),
    )
    await until(
      async () =>
        (await pipeline.find(Lead, { where: { email: 'third@x.org' }, limit: 100 })).items.length === 15,
    )
    const pages: string[] = []
    for (let cursor: string | undefined; ;) {
      const { items, next } = await pipeline.find(Lead, {
        where: { email: 'third@x.org' },
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      })
      pages.push(...items.map(({ id }) => id))
      if (next === undefined) break
      cursor = next
    }
    expect(pages.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 15 }, (_, i) => `${i * 3}`),
    )
  })

  test(
    'a subscription gets what its filter lets through, failures wait and are tried again, permanent ' +
      'ones become dead letters',
    async () => {
      const pipeline = open(newProject())
      const seen: string[] = []
      let tries = 0
      const mail = pipeline.subscribe(Lead, {
        name: 'mail',
        filter: { email: 'a@x.org' },
        handle: (event) => {
          const { eventId } = event
          const id = event.operation === 'upsert' ? event.properties.id : ''
          if (id === 'stubborn' && ++tries < 3) throw new Error('not yet')
          if (id === 'poison') throw Object.assign(new Error('never'), { retry: false })
          seen.push(eventId)
        },
      })
      await mail.ready
      await pipeline.start({ roles: withoutSql })
      const receipts: Receipt[] = []
      for (const [id, email] of [
        ['a', 'a@x.org'],
        ['b', 'b@x.org'],
        ['stubborn', 'a@x.org'],
        ['poison', 'a@x.org'],
        ['c', 'a@x.org'],
      ] as const)
        receipts.push(await pipeline.submit(lead(id, 1, { email })))
      const wanted = [0, 2, 4].map((i) => receipts[i]?.eventId as string)
      await until(() => wanted.every((id) => seen.includes(id)), 25_000)
      await until(async () => (await pipeline.deadLetters.list(Lead)).length === 1)
      expect(seen.filter((id) => !wanted.includes(id))).toEqual([])
      const [letter] = await pipeline.deadLetters.list(Lead)
      expect(letter).toMatchObject({
        subscription: 'mail',
        entityId: receipts[3]?.entityId,
        sequence: 1,
        reason: 'never',
      })
      expect((await pipeline.status()).subscriptions.find(({ name }) => name === 'mail')).toMatchObject({
        deadLetters: 1,
      })
      expect(await pipeline.deadLetters.drop(letter as never)).toBe(true)
      expect(await pipeline.deadLetters.list(Lead)).toEqual([])
    },
    60_000,
  )

  test(
    'roles run apart and scale out: one process receives, two project views, another ' + 'handles',
    async () => {
      const project = newProject()
      const receiving = open(project, { sweepAfter: 0 })
      const [projecting, replica, handling] = [open(project), open(project), open(project)]
      const seen = new Set<string>()
      const audit = handling.subscribe(Lead, {
        name: 'audit',
        from: 'start',
        handle: ({ eventId }) => void seen.add(eventId),
      })
      await audit.ready
      for (const pipeline of [projecting, replica]) await pipeline.start({ roles: ['views'] })
      await handling.start({ roles: ['subscriptions'] })
      const counts = await receiving.submitAll(
        Array.from({ length: 600 }, (_, i) => lead(`${i % 60}`, 1 + Math.floor(i / 60), { score: i })),
      )
      expect(counts).toEqual({ stored: 600, duplicate: 0, outdated: 0, rejected: 0 })
      await until(() => seen.size === 600, 30_000)
      await until(
        async () =>
          (
            await Promise.all(Array.from({ length: 60 }, (_, i) => handling.current(Lead, { id: `${i}` })))
          ).every((view, i) => view?.score === 540 + i),
        30_000,
      )
    },
    90_000,
  )
})
