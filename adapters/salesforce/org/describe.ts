// What Salesforce says of an object: its fields and their types, and which of them can carry a cursor.
import { t } from 'dreampipe/fp'
import { refused } from './failure.ts'
import type { Caller, Org } from './org.ts'

const FieldCodec = t.intersection([
  t.type({ name: t.string, type: t.string }),
  t.partial({
    calculated: t.boolean,
    filterable: t.boolean,
    sortable: t.boolean,
    scale: t.number,
    nillable: t.boolean,
    compoundFieldName: t.union([t.string, t.null]),
    relationshipName: t.union([t.string, t.null]),
    referenceTo: t.union([t.array(t.string), t.null]),
    deprecatedAndHidden: t.boolean,
  }),
])
const DescribedCodec = t.intersection([
  t.type({ name: t.string, fields: t.array(FieldCodec) }),
  t.partial({ keyPrefix: t.union([t.string, t.null]), replicateable: t.boolean, queryable: t.boolean }),
])

/** A field as `describe` tells it, as far as it is looked at. */
export type DescribedField = t.TypeOf<typeof FieldCodec>
export interface Described {
  readonly name: string
  readonly keyPrefix: string | undefined
  readonly replicateable: boolean
  readonly queryable: boolean
  readonly fields: ReadonlyMap<string, DescribedField>
}

/** Answers that are JSON; what else comes with a good status is a passing fault of something in between. */
export const jsonOf = (verb: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw refused(verb, 'the answer is no JSON', { code: 'NOT_JSON', retry: true })
  }
}

/** Asks for an object's fields: on every run, because a field seen too late is data lost. */
export const describe = async (org: Org, object: string, caller: Caller): Promise<Described> => {
  const verb = `describe ${object}`
  const reply = await org.call({ verb, path: `/sobjects/${object}/describe` }, caller)
  const decoded = DescribedCodec.decode(jsonOf(verb, await reply.text()))
  if (decoded._tag === 'Left')
    throw refused(verb, 'the answer is no description of an object', { code: 'NOT_JSON', retry: true })
  const { name, keyPrefix, replicateable = false, queryable = true, fields } = decoded.right
  return {
    name,
    keyPrefix: keyPrefix ?? undefined,
    replicateable,
    queryable,
    fields: new Map(
      fields
        .filter(({ deprecatedAndHidden }) => deprecatedAndHidden !== true)
        .map((field) => [field.name, field]),
    ),
  }
}

/**
 * The field that says when a record last changed; only one that can be filtered and sorted by is of use, and
 * some objects have none.
 */
export const stampFieldOf = ({ fields }: Described): string | undefined =>
  ['SystemModstamp', 'LastModifiedDate', 'CreatedDate', 'LoginTime'].find(
    (name) => fields.get(name)?.filterable === true && fields.get(name)?.sortable === true,
  )
