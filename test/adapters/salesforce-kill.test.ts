// kill -9 at random moments of a run while the org changes: in the end the store holds what an undisturbed
// reader finds, nothing twice.
import { expect, onTestFinished, test } from 'vitest'
import { child } from '../processes.ts'
import { open, temporaryFolder } from '../flow/kit.ts'
import { rounds } from '../thorough.ts'
import { expectSame, leads, loginOf, people, Person, server } from './salesforce-kit.ts'

const kills = rounds('kills of a Salesforce run', 50, 3)

test.each(['rest', 'bulk'] as const)(
  `${kills} kills at random moments while leads change, read by %s`,
  async (via) => {
    const sf = await server({ pageSize: 20, bulkPageSize: 20, polls: 1 })
    const ids = leads(sf, 120)
    sf.clock.advance(60)
    // Changes go on all the time: updates, late commits, deletes, undeletes, merges, inserts.
    let n = 0
    let late: { readonly commit: () => void } | undefined
    const change = (): void => {
      n++
      // Ten leads are left to the long transactions: a lock keeps others from a record that one has changed.
      const id = ids[10 + ((n * 37) % (ids.length - 10))] as string
      const row = sf.tables.get('Lead')?.rows.get(id)
      const gone = row?.['IsDeleted'] === true
      if (n % 23 === 0) ids.push(...leads(sf, 1, () => ({ Name: `New ${n}` })))
      else if (gone && row?.['MasterRecordId'] === undefined) sf.undelete(id)
      else if (gone) return
      else if (n % 17 === 0) sf.delete(id)
      else if (n % 13 === 0 && late === undefined) {
        const transaction = sf.transaction()
        transaction.update(ids[n % 10] as string, { City: `Late ${n}` })
        late = transaction
      } else if (n % 13 === 5 && late !== undefined) {
        late.commit()
        late = undefined
      } else sf.update(id, { City: `City ${n}`, AnnualRevenue: `${n}.25` })
      sf.clock.advance(1)
    }
    const changing = setInterval(change, 4)
    onTestFinished(() => clearInterval(changing))
    const folder = temporaryFolder()
    let runs = 0
    const { instanceUrl, clientId, clientSecret } = loginOf(sf)
    for (let kill = 0; kill < kills; kill++) {
      const running = child('test/adapters/salesforce-kill.child.ts', [
        folder,
        instanceUrl,
        clientId,
        clientSecret,
        via,
      ])
      expect(await running.line()).toBe('ready')
      // The first one is killed behind a run, however slow the machine is.
      if (kill === 0) runs += Number((await running.line()) !== '')
      const timer = setTimeout(() => running.process.kill('SIGKILL'), 200 + Math.random() * 1_200)
      try {
        for (;;) {
          await running.line()
          runs++
        }
      } catch (error) {
        expect(String(error)).toContain('SIGKILL')
      }
      clearTimeout(timer)
    }
    clearInterval(changing)
    late?.commit()
    sf.clock.advance(3_600)
    expect(runs).toBeGreaterThan(0)
    const { pipeline } = open([Person], folder)
    const producer = people(sf, { reading: { via, bulkPage: 20 } })
    await pipeline.run(producer)
    expect(await pipeline.run(producer)).toMatchObject({ stored: 0, rejected: 0 })
    await expectSame({ sf, pipeline })
    // A reader that nobody disturbed finds the same.
    const { pipeline: calm } = open([Person])
    await calm.start()
    await calm.run(people(sf, { reading: { via: 'rest' } }))
    await calm.settled()
    const states = 'SELECT id, name, email, revenue, city, updatedAt FROM Person ORDER BY id'
    expect(await pipeline.sql(states)).toEqual(await calm.sql(states))
  },
  280_000,
)
