// The demo on a file of one's own: lines in wire form ({ entity, yadto }), or plain JSON records of one kind.
import { createReadStream, existsSync } from 'node:fs'
import { createPipeline, entity, isDreampipeError, type EntityPropertyValue, type Yadto } from 'dreampipe'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { embedded } from 'dreampipe/embedded'
import { dim, heading, progress, say, table } from '../print.ts'

const usage = `usage: npm run demo:jsonl -- FILE [--entity NAME] [--id PROPERTY] [--at PROPERTY]

FILE holds one JSON document a line (gzip is fine): updates in wire form, { "entity": …, "yadto": … },
or plain records. For these:
--entity  what plain records are (Record)
--id      what names one (id)
--at      when it changed, an ISO instant (updatedAt)`

type Document = { readonly [name: string]: unknown }
const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// JSON's own types as YADTO; numbers become Double, since 1 today may be 1.5 tomorrow. A date is whatever
// --at names.
const wireValue = (value: unknown): EntityPropertyValue => {
  if (Array.isArray(value))
    return value.every((item) => item !== null && !Array.isArray(item) && typeof item === typeof value[0])
      ? { propertyType: 'List', values: value.map(wireValue) }
      : { propertyType: 'Json', value: JSON.stringify(value) }
  if (isDocument(value)) return { propertyType: 'EmbeddedObject', embeddedEntity: wireMap(value) }
  if (typeof value === 'number') return { propertyType: 'Double', value: String(value) }
  return { propertyType: typeof value === 'boolean' ? 'Boolean' : 'String', value: String(value) }
}
const wireMap = (record: Document): Yadto =>
  Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, wireValue(value)]),
  )

const option = (flags: readonly string[], name: string, otherwise: string): string => {
  const at = flags.indexOf(`--${name}`)
  return at === -1 ? otherwise : (flags[at + 1] ?? otherwise)
}

const normalise =
  (kind: string) =>
  (record: unknown): { readonly entity: string; readonly yadto: unknown } => {
    if (!isDocument(record)) throw new Error('the line is no JSON object')
    if (isDocument(record['yadto']) && typeof record['entity'] === 'string')
      return { entity: record['entity'], yadto: record['yadto'] }
    return {
      entity: kind,
      yadto: { ...wireMap(record), eventSource: { propertyType: 'String', value: 'file' } },
    }
  }

/** Which entities a file names. */
const namesIn = async (file: string, kind: string): Promise<readonly string[]> => {
  const names = new Set<string>()
  for await (const update of jsonl(createReadStream(file), { normalise: normalise(kind) }))
    if (!('problems' in update)) names.add(update.entity)
  return [...names]
}

export const ownFile = async (file: string, flags: readonly string[], folder: string): Promise<void> => {
  if (file.startsWith('-') || !existsSync(file)) {
    console.error(`${file.startsWith('-') ? '' : `${file} is not there\n`}${usage}`)
    process.exitCode = 2
    return
  }
  const names = await namesIn(file, option(flags, 'entity', 'Record'))
  const entities = names.map((name) =>
    entity(name, { identifier: [option(flags, 'id', 'id')], timestamp: option(flags, 'at', 'updatedAt') }),
  )
  await using pipeline = createPipeline(entities, { driver: embedded({ folder }) })
  await pipeline.start()

  heading(`${file}: ${names.join(', ') || 'no updates'}`)
  const wrong = new Map<string, number>()
  const note = (reason: string): void => void wrong.set(reason, (wrong.get(reason) ?? 0) + 1)
  const line = progress()
  const counts = await pipeline.submitAll(
    jsonl(file, { normalise: normalise(option(flags, 'entity', 'Record')) }),
    {
      onProgress: ({ stored, duplicate, rejected }) =>
        line.show(`${stored} stored, ${duplicate} duplicate, ${rejected} rejected`),
      onRejected: (error) =>
        note(
          isDreampipeError(error, 'InvalidUpdate')
            ? error.problems
                .map(({ path, code, message }) => (path.startsWith('line ') ? message : `${path} ${code}`))
                .join(', ')
            : error._tag,
        ),
    },
  )
  line.done('read to the end')
  table([{ ...counts }])
  for (const [reason, times] of [...wrong].sort((a, b) => b[1] - a[1]).slice(0, 10))
    say(dim(`- ${times} × ${reason}`))
  await pipeline.settled(undefined, { timeout: 600_000 })
  for (const name of names) {
    heading(`SELECT * FROM ${name} LIMIT 5`)
    table(
      (await pipeline.sql(`SELECT * FROM "${name}" LIMIT 5`)).map((row) =>
        Object.fromEntries(
          Object.entries(row)
            .filter(([column]) => !column.startsWith('_'))
            .slice(0, 7),
        ),
      ),
    )
  }
}
