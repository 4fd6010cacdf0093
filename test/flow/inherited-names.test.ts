// Names that every object inherits, as the names of properties: in updates, views, queries and history.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { day, open, source } from './kit.ts'

test('names that every object inherits are names like any other', async () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__defineGetter__x']
  const Odd = entity('Odd', {
    identifier: ['constructor'],
    timestamp: 'valueOf',
    updates: 'partial',
    attributes: ['toString'],
    view: { index: ['toString'] },
  })
  const { pipeline } = open([Odd])
  await pipeline.start()
  const at = (n: number) => ({ valueOf: y.dateTime().of(day(n)), constructor: y.string().of('1') })
  const seen: unknown[] = []
  pipeline.subscribe(Odd, {
    name: 's',
    filter: { toString: 'x' },
    handle: (event) => void seen.push(event.sequence),
  })
  await pipeline.submit(
    Odd.toUpdate(
      { ...at(1), ...Object.fromEntries(names.slice(3).map((name) => [name, y.string().of(name)])) } as never,
      source,
    ),
  )
  await pipeline.submit(Odd.toUpdate({ ...at(2), toString: y.string().of('x') } as never, source))
  await pipeline
    .submit(
      Odd.toUpdate(
        { ...at(1), isPrototypeOf: y.object({ constructor: y.integer() }).of({ constructor: 1 }) } as never,
        source,
      ),
    )
    .then(
      () => {
        throw new Error('stored')
      },
      (error: { _tag: string }) => expect(error._tag).toBe('InvalidUpdate'),
    )
  await pipeline.settled()
  const state = {
    constructor: '1',
    toString: 'x',
    hasOwnProperty: 'hasOwnProperty',
    isPrototypeOf: 'isPrototypeOf',
    __defineGetter__x: '__defineGetter__x',
    valueOf: '2024-01-02T00:00:00.000000Z',
  }
  expect(await pipeline.current(Odd, { constructor: '1' } as never)).toEqual(state)
  expect((await pipeline.find(Odd, { where: { toString: 'x' } as never })).items).toEqual([state])
  expect(
    await pipeline.sql(
      `SELECT ${Object.keys(state)
        .map((name) => `"${name}"`)
        .join(', ')} FROM Odd`,
    ),
  ).toEqual([state])
  expect(await pipeline.asOf(Odd, { constructor: '1' } as never, day(1))).not.toHaveProperty('toString', 'x')
  expect(seen).toEqual([2])
})
