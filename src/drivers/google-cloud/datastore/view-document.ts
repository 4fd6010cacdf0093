// A view document as a Datastore entity: natively typed properties for anybody's tools, and beside them what
// makes it exact again.
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { EntityPropertyValue, Yadto } from '../../../model/yadto.ts'
import type { DocumentFold, ViewDocument } from '../../../ports/view-store.ts'
import type { Found } from './datastore.ts'
import { nativesOf, yadtoOf, type Typing } from './native.ts'
import {
  array,
  blob,
  boolean,
  bytesOf,
  indexed,
  integer,
  numberOf,
  text,
  textOf,
  type Properties,
  type Value,
} from './value.ts'

/**
 * Bytes of native values up to which they are stored; a larger document is stored packed only. Datastore's
 * limit for an entity is 1,048,572.
 */
const mostNative = 600_000

/**
 * What `find` asks for: `property=text`, its hash where that is too long for an index (1,500 bytes), or the
 * bare name for null and
 * missing. One array for all indexed properties: equalities on it need no composite index, and a type that
 * changes makes no second order.
 */
export const searchKey = (property: string, value: string | null): string => {
  if (value === null) return property
  const key = `${property}=${value}`
  return Buffer.byteLength(key, 'utf8') <= 1_400
    ? key
    : `${property}#${createHash('sha256').update(value).digest('hex')}`
}

const valueText = (property: EntityPropertyValue | undefined): string | null => property?.value ?? null

/** Every live document has this one: what `find` without conditions asks for. A tombstone has none at all. */
export const liveKey = '*'

const searchKeys = (content: Yadto, index: readonly string[]): Value =>
  array(
    [
      liveKey,
      ...index.map((name) =>
        searchKey(name, valueText(Object.hasOwn(content, name) ? content[name] : undefined)),
      ),
    ].map((key) => indexed(text(key))),
  )

/** Names that stand beside a document's own properties; one that has such a property is packed. */
const besides = ['_deleted', '_search', '_fold', '_types', '_packed']

const system = ({ entityId, sequence, deleted }: ViewDocument): Properties => ({
  _entity_id: text(entityId),
  _sequence: integer(sequence),
  _deleted: boolean(deleted),
})

const indexable = (value: Value | undefined): value is Value =>
  value !== undefined &&
  value.entityValue === undefined &&
  value.arrayValue === undefined &&
  (value.stringValue == null || Buffer.byteLength(value.stringValue, 'utf8') <= 1_500) &&
  (value.blobValue === undefined || bytesOf(value).length <= 1_500)

/** The entity of a document; `index` names the properties that `find` may ask for. */
export const documentProperties = (document: ViewDocument, index: readonly string[]): Properties => {
  const { content, fold, deleted } = document
  const whole = JSON.stringify({ content, fold })
  const search = deleted ? {} : { _search: searchKeys(content, index) }
  const isLarge =
    whole.length > mostNative ||
    (whole.length * 3 > mostNative && Buffer.byteLength(whole, 'utf8') > mostNative)
  if (isLarge || besides.some((name) => Object.hasOwn(content, name)))
    return { ...system(document), ...search, _packed: blob(gzipSync(whole)) }
  const { properties, typings } = nativesOf(content)
  const native: { [name: string]: Value } = { ...properties }
  if (!deleted)
    for (const name of index) {
      const value = native[name]
      if (indexable(value)) native[name] = indexed(value)
    }
  return {
    ...native,
    ...system(document),
    ...search,
    _fold: text(JSON.stringify(fold)),
    _types: text(JSON.stringify(typings)),
  }
}

const weightOfValue = ({ value, values, embeddedEntity }: EntityPropertyValue): number =>
  40 +
  (value?.length ?? 0) * 3 +
  (values ?? []).reduce((sum, each) => sum + weightOfValue(each), 0) +
  (embeddedEntity === undefined ? 0 : weightOf(embeddedEntity))

const weightOf = (yadto: Yadto): number => {
  let weight = 0
  for (const name in yadto) weight += 2 * name.length + weightOfValue(yadto[name] as EntityPropertyValue)
  return weight
}

/** Bytes that a document takes at most, roughly: enough to keep a commit within its limit. */
export const documentWeight = ({ content, fold }: ViewDocument): number =>
  1_000 + weightOf(content) + (fold.state === undefined ? 0 : weightOf(fold.state))

/** Packed bytes of a document that fit an entity, whatever its key and search keys take. */
const mostPacked = 1_000_000

/** Why no entity holds a document, or undefined. */
export const documentRefusal = (document: ViewDocument, index: readonly string[]): string | undefined => {
  const packed = documentProperties(document, index)['_packed']
  const bytes = packed === undefined ? 0 : bytesOf(packed).length
  return bytes > mostPacked
    ? `the view's document takes ${bytes} bytes packed; an entity of Datastore holds ${mostPacked}: ` +
        `leave properties out with view.properties`
    : undefined
}

export const documentOf = ({ name, properties }: Found): ViewDocument => {
  const packed = properties['_packed']
  const base = {
    entityId: name,
    sequence: numberOf(properties['_sequence']),
    deleted: properties['_deleted']?.booleanValue === true,
  }
  if (packed !== undefined)
    return {
      ...base,
      ...(JSON.parse(gunzipSync(bytesOf(packed)).toString('utf8')) as {
        readonly content: Yadto
        readonly fold: DocumentFold
      }),
    }
  return {
    ...base,
    fold: JSON.parse(textOf(properties['_fold'])) as DocumentFold,
    content: yadtoOf(
      properties,
      JSON.parse(textOf(properties['_types'])) as { readonly [name: string]: Typing },
    ),
  }
}

export const sequenceOf = ({ properties }: Found): number => numberOf(properties['_sequence'])
