// Openings of one folder in one process: they share it, and closing one leaves the others.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ports } from '../../src/ports/driver.ts'
import { left, range, right } from '../../src/testing/check.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import { candidate, idOf, integer, schemaFor, storedEvent, string } from '../../src/testing/samples.ts'
import { append, short } from '../../src/testing/steps.ts'
import { events, inFolder, inFolderWith, openFolder } from './embedded-bench.ts'

test('two openings in one process share the folder: closing one, even twice, leaves the other', () =>
  inFolderWith(2, async (folder, one, two) => {
    mkdirSync(join(folder, 'x'), { recursive: true })
    await fill((one as Ports).queryEngine, events)
    await (one as Ports).close()
    await (one as Ports).close()
    expect(short(await append((two as Ports).eventStore, [candidate({ id: 'a', at: 1 })]))).toEqual([
      'stored 1',
    ])
    expect(await right((two as Ports).queryEngine.append('Lead', events))).toBe(true)
    const three = await openFolder(join(folder, 'x', '..'))
    expect(await count(three.queryEngine, 'Lead')).toBe(5)
    await three.close()
  }))

test("two openings in one process see each other's columns", () =>
  inFolderWith(2, async (_folder, one, two) => {
    const [first, second] = [one as Ports, two as Ports]
    await fill(first.queryEngine, events)
    expect(await right(second.queryEngine.lacking('Lead', [{ entityId: idOf('1'), sequence: 1 }]))).toEqual(
      [],
    )
    const wider = storedEvent({
      id: 'w',
      sequence: 1,
      at: 9,
      content: { n: integer(9), city: string('Graz') },
    })
    await right(first.queryEngine.evolve('Lead', schemaFor([wider])))
    await right(second.queryEngine.append('Lead', [wider]))
    await right(second.queryEngine.evolve('Lead', schemaFor([wider])))
    expect(await ask(first.queryEngine, "SELECT city, _extra FROM Lead WHERE id = 'w'")).toEqual([
      { city: 'Graz', _extra: null },
    ])
  }))

// What was called before has begun its work.
const begun = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('a closing that overtakes an opening, and an opening that overtakes a closing, lose no row', () =>
  inFolder(async (folder) => {
    const one = await openFolder(folder)
    const opening = one.queryEngine.position('Lead')()
    await Promise.all([begun().then(one.close), opening])
    const many = range(1, 120).map((n) =>
      storedEvent({ id: String(n), sequence: 1, at: n, content: { n: integer(n) } }),
    )
    const busy: Promise<unknown>[] = []
    for (const round of range(0, 5)) {
      const { queryEngine, close } = await openFolder(folder)
      await right(queryEngine.evolve('Lead', schemaFor(many)))
      busy.push(
        ...many.slice(round * 20, round * 20 + 20).map((event) => right(queryEngine.append('Lead', [event]))),
      )
      // A long question does not hold up the closing: it is answered in time, or interrupted.
      busy.push(
        count(queryEngine, 'range(20000000)').then(
          (n) => expect(n).toBe(20_000_000),
          (thrown: unknown) => expect(thrown).toMatchObject({ _tag: 'Unavailable', retry: true }),
        ),
      )
      await begun()
      busy.push(close())
      expect((await left(queryEngine.position('Lead'), 'Unavailable')).retry).toBe(true)
    }
    await Promise.all(busy)
    const last = await openFolder(folder)
    await right(last.queryEngine.position('Lead'))
    expect([await count(last.queryEngine, 'Lead'), await count(last.queryEngine, 'Lead_log')]).toEqual([
      120, 120,
    ])
    await last.close()
  }))
