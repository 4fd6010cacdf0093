// What the tests of text adapters share: an entity, its rows and lines, and what becomes of updates in words.
import { entity, y } from 'dreampipe'
import { open } from '../flow/kit.ts'

export const Disc = entity('Disc', {
  properties: { id: y.string(), name: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
export const of = { entity: Disc, source: 'shop' }
export const row = (id: string, name = 'n'): string => `${id},${name},2024-01-01\n`
export const line = (id: string): string =>
  JSON.stringify({ entity: 'Disc', yadto: Disc.toUpdate({ id, at: '2024-01-01T00:00:00Z' }, of).yadto })
export const bytewise = (bytes: Uint8Array): Uint8Array[] => [...bytes].map((each) => Uint8Array.of(each))

type Updates = Parameters<ReturnType<typeof open<readonly [typeof Disc]>>['pipeline']['submitAll']>[0]

/** What becomes of updates: counts, what was rejected in words, and the names that are stored. */
export const outcome = async (updates: Updates) => {
  const { pipeline } = open([Disc])
  await pipeline.start()
  const why: string[] = []
  const counts = await pipeline.submitAll(updates, {
    onRejected: (error) => void why.push(error.message.replace(/^submit [^:]*: /, '')),
  })
  const names: { [id: string]: unknown } = {}
  if (counts.stored < 100) {
    await pipeline.settled()
    for (const { id, name } of await pipeline.sql('SELECT id, name FROM Disc')) names[String(id)] = name
  }
  return { stored: counts.stored, rejected: counts.rejected, why, names }
}
