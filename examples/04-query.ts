// Queries: the view, pages by index, history, past states, SQL, and the same verbs as TaskEithers.
import { createPipeline, entity, isDreampipeError, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { pipe, t, TE } from 'dreampipe/fp'

const Flat = entity('Flat', {
  properties: {
    id: y.string(),
    city: y.string(),
    rent: y.decimal(),
    rooms: y.list(y.object({ name: y.string(), size: y.double() })),
    since: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'since',
  view: { index: ['city'] },
})

await using pipeline = createPipeline([Flat], { driver: embedded({ folder: ':memory:' }) })
await pipeline.start()

const rooms = [
  { name: 'kitchen', size: 12.5 },
  { name: 'study', size: 9 },
]
const flats = ['Porto', 'Lyon', 'Porto', 'Porto'].map((city, i) =>
  Flat.toUpdate(
    { id: `f${i}`, city, rent: `${700 + i * 50}`, rooms, since: '2023-01-01T00:00:00Z' },
    { source: 'demo' },
  ),
)
const raised = Flat.toUpdate(
  { id: 'f0', city: 'Porto', rent: '999.99', rooms, since: '2024-01-01T00:00:00Z' },
  { source: 'demo' },
)
console.log(await pipeline.submitAll([...flats, raised]))
await pipeline.settled()

console.log(
  'now:',
  (await pipeline.current(Flat, { id: 'f0' }))?.rent,
  'then:',
  (await pipeline.asOf(Flat, { id: 'f0' }, '2023-06-01T00:00:00Z'))?.rent,
)

const first = await pipeline.find(Flat, { where: { city: 'Porto' }, limit: 2 })
const second = await pipeline.find(Flat, {
  where: { city: 'Porto' },
  limit: 2,
  ...(first.next === undefined ? {} : { cursor: first.next }),
})
console.log('pages:', first.items.length, second.items.length, second.next)

for await (const event of pipeline.history(Flat, { id: 'f0' }))
  console.log(
    event.sequence,
    event.occurredAt,
    event.operation === 'upsert' ? event.properties.rent : 'deleted',
  )

// Rows are checked by a codec; nested types and lists come as they are.
const row = t.type({ city: t.string, flats: t.number, rent: t.string })
console.log(
  await pipeline.sql(
    'SELECT city, count(*) AS flats, max(rent) AS rent FROM Flat_as_of($at) GROUP BY city ORDER BY city',
    { at: '2023-06-01T00:00:00Z' },
    { row },
  ),
)
console.log(
  await pipeline.sql('SELECT id, unnest(rooms).name AS room FROM Flat WHERE id = $id', { id: 'f1' }),
)

// Only reading gets through.
await pipeline
  .sql('DROP VIEW Flat')
  .catch((error: unknown) => console.log('refused:', isDreampipeError(error) && error._tag))

// The other face: lazy, and errors are values.
const rent = pipe(
  pipeline.fp.current(Flat, { id: 'f1' }),
  TE.map((flat) => flat?.rent ?? 'nobody lives there'),
  TE.getOrElse((error) => async () => `failed: ${error._tag}`),
)
console.log('rent of f1:', await rent())
