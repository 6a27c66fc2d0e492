"""Reading of XML as a stream of tags, in bounded memory, without entities and namespaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from graphkit.errors import DataError, FileError
from graphkit.readwrite.graph_tables import open_bytes

#: Clauses for the errors of files that end too early.
_CUT = ("no element found", "unclosed token", "unclosed CDATA section")


class XmlStream:
    """Parser that calls `start` and `end` for each tag, by its name without prefix.

    `start` gets the name and the attributes (their names without prefix, too), `end` the name and
    the text since the last tag. `line` is the line that the parser is at.
    """

    def __init__(self, path: Path, root: str) -> None:
        self.path, self._root = path, root
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.buffer_size = 1 << 16
        self._text: list[str] = []
        self._names: dict[str, str] = {}

    @property
    def line(self) -> int:
        """The line that is being read, from 1 on."""
        return self._parser.CurrentLineNumber

    def lacks(self, what: str, name: str) -> DataError:
        """Error for an element, in words, without an attribute that it needs."""
        return DataError(
            f"{self.path}, line {self.line}: {what} has no {name}: export the file again."
        )

    def parse(
        self,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str, str], None],
        texts: frozenset[str],
    ) -> None:
        """Read the file; the text of the elements called `texts` is kept for `end`.

        Raises
        ------
        FileError
            If the file is damaged, declares a document type (and so entities), or has another root
            element.
        """
        names, parser, held = self._names, self._parser, self._text

        def local(name: str) -> str:
            found = names.get(name)
            if found is None:
                found = names[name] = name.rpartition(":")[2]
            return found

        def on_start(name: str, attributes: dict[str, str]) -> None:
            tag = local(name)
            if tag in texts:
                held.clear()
                parser.CharacterDataHandler = held.append
            start(tag, {local(key): value for key, value in attributes.items()})

        def on_end(name: str) -> None:
            tag = local(name)
            if tag in texts:
                parser.CharacterDataHandler = None
                end(tag, "".join(held))
                held.clear()
            else:
                end(tag, "")

        def on_root(name: str, attributes: dict[str, str]) -> None:
            if local(name).lower() != self._root:
                raise FileError(
                    f"{self.path}, line {self.line}: this is XML of another kind, and no "
                    f"{'GEXF' if self._root == 'gexf' else 'GraphML'} file."
                )
            parser.StartElementHandler = on_start
            on_start(name, attributes)

        parser.StartElementHandler, parser.EndElementHandler = on_root, on_end
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        try:
            with open_bytes(self.path) as file:
                parser.ParseFile(file)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code) or "it is damaged"
            if why in _CUT:
                why = "the file ends too early"
            raise FileError(
                f"{self.path}, line {error.lineno}: no valid XML: {why}. Get the file again, or "
                "export it again."
            ) from None
        except (LookupError, ValueError) as error:
            if isinstance(error, FileError) or type(error).__module__.startswith("graphkit"):
                raise
            raise FileError(f"{self.path}: its encoding is not read: save it as UTF-8.") from None

    def _refuse_doctype(self, *_: object) -> None:
        raise FileError(
            f"{self.path}, line {self.line}: it declares a document type (<!DOCTYPE), which may define "
            "entities, and is refused: take the declaration out."
        )
