// The io-ts codec of an entity: any input to its typed values, by the same checks that submit makes, and
// values to wire form.
import { E, t } from '../fp.ts'
import { checkDeclared } from './declared.ts'
import { readYadto } from './decode.ts'
import type { AnyEntity, State } from './entity.ts'
import { problem, type Problem } from './problem.ts'
import { growAll, schemasOfSpecs } from './schema.ts'
import { mapFromWire, mapToWire } from './wire.ts'
import { isMetadataName, type Yadto } from './yadto.ts'

const read = (entity: AnyEntity, input: unknown): E.Either<readonly Problem[], unknown> => {
  const {
    decoded: { content, metadata },
    problems: unreadable,
  } = readYadto(input)
  // Metadata is not part of an entity's values.
  const problems: Problem[] = unreadable.filter(({ path }) => !isMetadataName(path))
  checkDeclared(entity.definition, content, metadata.operation, problems)
  if (entity.definition.properties !== undefined)
    growAll(schemasOfSpecs(entity.definition.properties), content, '', problems)
  if (problems.length > 0) return E.left(problems)
  return E.tryCatch(
    () =>
      mapFromWire(entity.definition.properties, content, '', ({ path, message }) => {
        throw problem('WrongType', path, message)
      }),
    (thrown) => [thrown as Problem],
  )
}

/**
 * Decodes an upsert's wire map into the entity's values; every problem is one io-ts error with its path as
 * context. Encodes values
 * into a wire map without metadata. A learned entity's values read as unknowns.
 */
export const codecOf = <L extends AnyEntity>(entity: L): t.Type<State<L>, Yadto, unknown> =>
  new t.Type<State<L>, Yadto, unknown>(
    entity.name,
    (u): u is State<L> =>
      typeof u === 'object' &&
      u !== null &&
      !Array.isArray(u) &&
      E.isRight(
        read(
          entity,
          mapToWire(entity.definition.properties ?? {}, u as { readonly [name: string]: unknown }, '', []),
        ),
      ),
    (input, context) => {
      const values = read(entity, input)
      return E.isRight(values)
        ? t.success(values.right as State<L>)
        : t.failures(
            values.left.map(({ path, code, message }) => ({
              value: input,
              message: `${path === '' ? '(update)' : path}: ${message} [${code}]`,
              context: [
                ...context,
                ...path
                  .split('.')
                  .filter((key) => key !== '')
                  .map((key) => ({ key, type: t.unknown })),
              ],
            })),
          )
    },
    (values) =>
      mapToWire(entity.definition.properties ?? {}, values as { readonly [name: string]: unknown }, '', []),
  )
