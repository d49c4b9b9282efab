// A plugin for typedoc: names the pages of the site after their first headings instead of their
// files, and the module after the package that a program imports. The `code` of every error has the
// comment of `BusError.code`, which typedoc does not find for a property that a type narrows.
import { Converter, ReflectionKind } from 'typedoc';

/** Called by typedoc. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const text = document.content.map((part) => part.text).join('');
    document.name = /^# (.*)$/m.exec(text)?.[1] ?? document.name;
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) reflection.name = 'busbar';
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const codes = project
      .getReflectionsByKind(ReflectionKind.Property)
      .filter(({ name }) => name === 'code');
    const comment = codes.find((code) => code.hasComment())?.comment;
    for (const code of codes) code.comment ??= comment?.clone();
  });
}
