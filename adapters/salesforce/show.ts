// Prints an object's fields as a `fields` block to paste.
import type { AnyEntity } from 'dreampipe'
import { describe, stampFieldOf } from './org/describe.ts'
import type { Login } from './org/login.ts'
import { salesforceOrg, type Org } from './org/org.ts'
import { planOf } from './object/plan.ts'
import { isGroup, type Node } from './object/nodes.ts'
import { readableAs } from './object/types.ts'

const makers: { readonly [type: string]: string } = {
  String: 'y.string()',
  Boolean: 'y.boolean()',
  Integer: 'y.integer()',
  Decimal: 'y.decimal()',
  Double: 'y.double()',
  DateTime: 'y.dateTime()',
  Date: 'y.date()',
  Time: 'y.time()',
  Json: 'y.json()',
  List: 'y.list(y.string())',
}

/**
 * The `fields` of an object as TypeScript, every one of them that can be read; delete what you do not need.
 * `nillable` is not to be trusted, so all but Id and the stamp are optional.
 */
export const describeFields = async ({
  login,
  object,
}: {
  readonly login: Login | Org
  readonly object: string
}): Promise<string> => {
  const org = 'call' in login ? login : salesforceOrg({ login })
  const described = await describe(org, object, {
    signal: new AbortController().signal,
    budget: { left: () => Infinity, spend: () => true },
  })
  const anything = {
    name: object,
    definition: { identifier: ['Id'], timestamp: 'Id' },
  } as unknown as AnyEntity
  const stamp = stampFieldOf(described)
  const line = (node: Node): string => {
    if (isGroup(node)) return `${node.name}: y.optional(y.object({ ${node.nodes.map(line).join(', ')} }))`
    const field = described.fields.get(node.column) ?? { type: 'string' }
    const maker =
      field.type === 'long' ? 'y.bigint()' : (makers[readableAs(field)[0] ?? 'String'] ?? 'y.string()')
    return `${node.name}: ${node.name === 'Id' || node.name === stamp ? maker : `y.optional(${maker})`}`
  }
  return `fields: {\n${planOf(anything, described, [], undefined, {})
    .nodes.map((node) => `  ${line(node)},\n`)
    .join('')}}`
}
