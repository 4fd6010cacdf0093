// Datastore's values: our own typed codec, because the client's guesses types and rounds numbers and
// instants.
// Shapes: google/datastore/v1/entity.proto.

/** A value as it goes over the wire. Integers and seconds are decimal text. */
export interface Value {
  readonly nullValue?: unknown
  readonly booleanValue?: boolean | null
  readonly integerValue?: unknown
  readonly doubleValue?: unknown
  readonly timestampValue?: { readonly seconds?: unknown; readonly nanos?: number | null } | null
  readonly stringValue?: string | null
  readonly blobValue?: unknown
  readonly entityValue?: { readonly properties?: Properties | null } | null
  readonly arrayValue?: { readonly values?: readonly Value[] | null } | null
  readonly excludeFromIndexes?: boolean | null
}
export type Properties = { readonly [name: string]: Value }

const bare = { excludeFromIndexes: true } as const

/** Unindexed values; `indexed` makes one that is. */
export const text = (value: string): Value => ({ stringValue: value, ...bare })
export const integer = (value: number | bigint | string): Value => ({ integerValue: String(value), ...bare })
export const boolean = (value: boolean): Value => ({ booleanValue: value, ...bare })
export const double = (value: number): Value => ({ doubleValue: value, ...bare })
export const blob = (value: Uint8Array): Value => ({ blobValue: value, ...bare })
export const nothing: Value = { nullValue: 'NULL_VALUE', ...bare }
/** An array says of its elements, never of itself, whether they are indexed. */
export const array = (values: readonly Value[]): Value => ({ arrayValue: { values } })
export const entity = (properties: Properties): Value => ({ entityValue: { properties }, ...bare })
export const indexed = (value: Value): Value =>
  value.arrayValue === undefined
    ? { ...value, excludeFromIndexes: false }
    : { arrayValue: { values: (value.arrayValue?.values ?? []).map(indexed) } }

/** An instant of 27 characters, to the microsecond. */
export const instant = (at: string): Value => {
  const seconds = BigInt(Date.parse(`${at.slice(0, 19)}Z`)) / 1000n
  return { timestampValue: { seconds: String(seconds), nanos: Number(at.slice(20, 26)) * 1000 }, ...bare }
}

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0')

export const instantOfValue = ({ timestampValue }: Value): string => {
  const seconds = new Date(Number(timestampValue?.seconds ?? 0) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${padded(Math.floor((timestampValue?.nanos ?? 0) / 1000), 6)}Z`
}

export const textOf = (value: Value | undefined): string => value?.stringValue ?? ''
export const optionalText = (value: Value | undefined): string | undefined => value?.stringValue ?? undefined
export const numberOf = (value: Value | undefined): number => Number(value?.integerValue ?? 0)
export const bytesOf = (value: Value): Buffer =>
  typeof value.blobValue === 'string'
    ? Buffer.from(value.blobValue, 'base64')
    : Buffer.from(value.blobValue as Uint8Array)

/** Properties with those left out that have no value. */
export const given = (properties: { readonly [name: string]: Value | undefined }): Properties =>
  Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  )
