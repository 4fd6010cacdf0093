// Decodes an update's map: metadata apart from content, both canonical, or every problem at once; never
// throws.
import { isDeepStrictEqual } from 'node:util'
import { E, t } from '../fp.ts'
import { checkSize, isHopeless, isPlainObject, newReading, readMap, type Reading } from './decode-value.ts'
import { limits } from './limits.ts'
import { badTopName } from './name.ts'
import { problem, type Problem } from './problem.ts'
import {
  isMetadataName,
  metadataNames,
  type EntityPropertyValue,
  type MetadataName,
  type Yadto,
} from './yadto.ts'

/** An update's metadata. */
export interface Metadata {
  readonly source: string
  readonly operation: 'upsert' | 'delete'
  readonly version?: string
  readonly correlationId?: string
}

/** A decoded update: canonical content, names sorted, without the metadata properties. */
export interface Decoded {
  readonly metadata: Metadata
  readonly content: Yadto
}

// A Long is an Integer, and so on: metadata is String, canonical like everything.
const metadataText = (
  name: MetadataName,
  value: EntityPropertyValue | undefined,
  problems: Problem[],
): string | undefined => {
  if (value === undefined || value.value === null) return undefined
  if (value.propertyType !== 'String')
    return void problems.push(problem('WrongType', name, `is String, got ${value.propertyType}`))
  const text = value.value as string
  checkSize(text, limits.attributeBytes, name, 'this metadata', problems)
  // SQLite's client in some versions of Node reads a text only as far as a NUL.
  if (text.includes('\0')) problems.push(problem('WrongType', name, 'holds a NUL, which metadata does not'))
  return text
}

const readMetadata = (
  found: { readonly [N in MetadataName]?: EntityPropertyValue },
  problems: Problem[],
): Metadata => {
  const source = metadataText('eventSource', found.eventSource, problems)
  const version = metadataText('eventVersion', found.eventVersion, problems)
  const correlationId = metadataText('correlationId', found.correlationId, problems)
  const operation = metadataText('eventOperation', found.eventOperation, problems) ?? 'upsert'
  if (source === undefined && !problems.some(({ path }) => /^eventSource(?![\w$-])/.test(path)))
    problems.push(problem('Missing', 'eventSource', 'every update says who sent it'))
  if (source === '') problems.push(problem('Missing', 'eventSource', 'is empty'))
  if (operation !== 'upsert' && operation !== 'delete')
    problems.push(
      problem(
        'BadOperation',
        'eventOperation',
        `is upsert or delete, got ${JSON.stringify(operation.slice(0, 40))}`,
      ),
    )
  return {
    source: source ?? '',
    operation: operation === 'delete' ? 'delete' : 'upsert',
    ...(version === undefined ? {} : { version }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}

const none: Metadata = { source: '', operation: 'upsert' }

const nothing: Decoded = { metadata: none, content: {} }

const read = (input: unknown, reading: Reading): Decoded => {
  if (!isPlainObject(input)) {
    reading.problems.push(problem('WrongType', '', 'an update is an object of properties'))
    return nothing
  }
  const all = readMap(input, '', 1, reading, badTopName)
  // Reading may have ended before it came to the metadata: nothing is said of what was not read.
  const metadata = isHopeless(reading) ? none : readMetadata(all, reading.problems)
  if (isHopeless(reading)) {
    const why =
      reading.bytes > limits.eventBytes
        ? `the update has more than ${limits.eventBytes.toLocaleString('en')} bytes`
        : 'the update has more problems than these'
    reading.problems.push(problem('TooLarge', '', why))
  }
  const content: { [name: string]: EntityPropertyValue } = {}
  for (const name in all) if (!isMetadataName(name)) content[name] = all[name] as EntityPropertyValue
  return { metadata, content }
}

/**
 * What can be read of an update, and every problem it has (at most a thousand): with any, only the readable
 * part stands in `decoded`.
 */
export interface ReadYadto {
  readonly decoded: Decoded
  readonly problems: readonly Problem[]
}

/** Reads anything at all; never throws. */
export const readYadto = (input: unknown): ReadYadto => {
  const reading = newReading()
  try {
    const decoded = read(input, reading)
    return { decoded, problems: reading.problems }
  } catch {
    // A getter or proxy of the caller's that throws, or an object built to exhaust the stack.
    return { decoded: nothing, problems: [problem('WrongType', '', 'the update cannot be read')] }
  }
}

/** The decoded update, or every problem it has. */
export const decodeYadto = (input: unknown): E.Either<readonly Problem[], Decoded> => {
  const { decoded, problems } = readYadto(input)
  return problems.length === 0 ? E.right(decoded) : E.left(problems)
}

const joined = ({ metadata, content }: Decoded): Yadto => {
  const text = (value: string): EntityPropertyValue => ({ propertyType: 'String', value })
  const all: { [name: string]: EntityPropertyValue } = { ...content, eventSource: text(metadata.source) }
  if (metadata.version !== undefined) all['eventVersion'] = text(metadata.version)
  if (metadata.correlationId !== undefined) all['correlationId'] = text(metadata.correlationId)
  if (metadata.operation === 'delete') all['eventOperation'] = text('delete')
  return Object.fromEntries(
    Object.keys(all)
      .sort()
      .map((name) => [name, all[name] as EntityPropertyValue]),
  )
}

/** Metadata and content as one wire map again, names sorted. */
export const encodeYadto = joined

const metadataSet: ReadonlySet<string> = new Set(metadataNames)

// What is written as it reads: other notations decode, but are not what `Yadto` promises.
const isCanonical = (u: unknown): u is Yadto => {
  const decoded = decodeYadto(u)
  try {
    return E.isRight(decoded) && isDeepStrictEqual(joined(decoded.right), u)
  } catch {
    return false
  }
}

/**
 * YADTO as an io-ts codec: any input to the canonical map, metadata included; each problem is one io-ts error
 * with its path as context.
 */
export const YadtoCodec: t.Type<Yadto, Yadto, unknown> = new t.Type(
  'Yadto',
  isCanonical,
  (input, context) => {
    const decoded = decodeYadto(input)
    if (E.isRight(decoded)) return t.success(joined(decoded.right))
    return t.failures(
      decoded.left.map(({ path, code, message }) => ({
        value: input,
        context: [
          ...context,
          ...path
            .split('.')
            .filter((key) => key !== '')
            .map((key) => ({ key, type: metadataSet.has(key) ? t.string : t.unknown })),
        ],
        message: `${path === '' ? '(update)' : path}: ${message} [${code}]`,
      })),
    )
  },
  (yadto) => yadto,
)
