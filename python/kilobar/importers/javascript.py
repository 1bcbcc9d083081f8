"""JavaScript -> statements, for the scripts that collections carry. Nothing is ever executed.

A statement that cannot be read becomes `Opaque`, and reading goes on behind it: no script fails as a whole.
"""

from __future__ import annotations

from functools import lru_cache

from kilobar.importers.javascript_tokens import Hole, NotJavaScriptError, Token, tokens_of
from kilobar.importers.javascript_tree import (
    Array,
    Assign,
    Binary,
    Call,
    Composed,
    Conditional,
    Declare,
    Do,
    Expression,
    Function,
    If,
    Index,
    Literal,
    Member,
    Name,
    Object,
    Opaque,
    Pattern,
    Return,
    Statement,
    Try,
    Unary,
)

MAX_DEPTH = 30
"""Levels of nesting; deeper statements are not read. Each costs about eight frames of the Python stack."""

MAX_LINKS = 1_000
"""Calls and members one behind another, and operators in one expression."""

_PRECEDENCE = {
    "??": 1, "||": 2, "&&": 3, "|": 4, "^": 5, "&": 6, "==": 7, "!=": 7, "===": 7, "!==": 7,
    "<": 8, ">": 8, "<=": 8, ">=": 8, "instanceof": 8, "in": 8, "<<": 9, ">>": 9, ">>>": 9,
    "+": 10, "-": 10, "*": 11, "/": 11, "%": 11, "**": 12,
}  # fmt: skip
_ASSIGNING = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "**=", "&&=", "||=", "??=", "&=", "|=", "^=", "<<=", ">>="))
_PREFIX = frozenset(("!", "-", "+", "~", "++", "--", "typeof", "void", "delete", "await"))
_LITERALS = {"true": True, "false": False, "null": None}
_OPENING = {"(": ")", "[": "]", "{": "}"}
_OPAQUE = frozenset(("for", "while", "do", "switch", "class", "function", "async", "throw", "import", "export", "with"))


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a script, in order."""
    try:
        tokens = tokens_of(text)
    except NotJavaScriptError as problem:
        return (Opaque(problem.message, problem.line, text.count("\n") + 1),)
    return tuple(_Parser(tokens).statements(closing=None))


class _Parser:
    def __init__(self, tokens: list[Token], depth: int = 0) -> None:
        self._tokens = tokens
        # What a token is compared with: never the content of a text.
        self._words = [token.text if token.kind in ("mark", "name") else "" for token in tokens]
        self._at = 0
        self._depth = depth

    def statements(self, closing: str | None) -> list[Statement]:
        """Up to a closing brace (which is taken too) or the end."""
        found: list[Statement] = []
        while self._now.kind != "end":
            if closing is not None and self._accept(closing):
                return found
            if self._accept(";"):
                continue
            start, depth = self._at, self._depth
            try:
                found.extend(self._statement())
            except NotJavaScriptError as problem:
                self._at, self._depth = start, depth
                found.append(self._skip(f"not understood: {problem.message}"))
        if closing is not None:
            raise self._problem(f"{closing!r} is missing")
        return found

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _problem(self, message: str) -> NotJavaScriptError:
        return NotJavaScriptError(message, self._now.line)

    def _is(self, mark: str) -> bool:
        return self._words[self._at] == mark

    def _accept(self, mark: str) -> bool:
        if self._words[self._at] == mark:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._problem(f"{mark!r} expected")

    def _identifier(self) -> str:
        if self._now.kind != "name":
            raise self._problem("a name expected")
        self._at += 1
        return self._tokens[self._at - 1].text

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._problem(f"nested more than {MAX_DEPTH} deep")

    def _statement(self) -> list[Statement]:
        token = self._now
        self._deeper()
        if token.kind == "name":
            match token.text:
                case "const" | "let" | "var":
                    found = self._declaration()
                case "if":
                    found = [self._if()]
                case "return":
                    found = [self._return()]
                case "try":
                    found = [self._try()]
                case word if word in _OPAQUE and not self._is_async_function():
                    found = [self._skip(f"`{word}`")]
                case _:
                    found = self._expressions()
        elif token.text == "{" and token.kind == "mark":
            self._at += 1
            found = self.statements("}")
        else:
            found = self._expressions()
        self._depth -= 1
        return found

    def _is_async_function(self) -> bool:
        """`async () => ...` is an expression, `async function f()` a statement."""
        return self._is("async") and self._tokens[self._at + 1].text != "function"

    def _expressions(self) -> list[Statement]:
        found: list[Statement] = []
        while True:
            line = self._now.line
            found.append(Do(self._expression(), line))
            if not self._accept(","):
                self._end_of_statement()
                return found

    def _end_of_statement(self) -> None:
        token = self._now
        if not (self._accept(";") or token.after_break or token.kind == "end" or self._is("}")):
            raise self._problem(f"unexpected {token.text!r}")

    def _declaration(self) -> list[Statement]:
        self._at += 1
        found: list[Statement] = []
        while True:
            line = self._now.line
            if self._accept("{"):
                names = self._destructured()
                self._expect("=")
                value = self._expression()
                found.extend(Declare(to, Member(value, name, line), line) for name, to in names)
            else:
                name = self._identifier()
                unset: Expression = Name("undefined", line)
                found.append(Declare(name, self._expression() if self._accept("=") else unset, line))
            if not self._accept(","):
                self._end_of_statement()
                return found

    def _destructured(self) -> list[tuple[str, str]]:
        """`a, b: c}` behind the brace, as pairs of member and name."""
        names = []
        while not self._accept("}"):
            name = self._identifier()
            names.append((name, self._identifier() if self._accept(":") else name))
            if not self._is("}"):
                self._expect(",")
        return names

    def _block(self) -> tuple[Statement, ...]:
        if self._accept("{"):
            return tuple(self.statements("}"))
        if self._accept(";"):
            return ()
        return tuple(self._statement())

    def _if(self) -> If:
        line = self._now.line
        self._at += 1
        self._expect("(")
        test = self._expression()
        self._expect(")")
        then = self._block()
        otherwise = self._block() if self._accept("else") else ()
        return If(test, then, otherwise, line, self._tokens[self._at - 1].line)

    def _return(self) -> Return:
        line = self._now.line
        self._at += 1
        if self._now.after_break or self._is(";") or self._is("}"):
            return Return(None, line)
        value = self._expression()
        self._end_of_statement()
        return Return(value, line)

    def _try(self) -> Try:
        line = self._now.line
        self._at += 1
        self._expect("{")
        body = tuple(self.statements("}"))
        rest: tuple[Statement, ...] = ()
        if self._accept("catch"):
            if self._accept("("):
                self._identifier()
                self._expect(")")
            self._expect("{")
            rest = tuple(self.statements("}"))
        if self._accept("finally"):
            self._expect("{")
            body += tuple(self.statements("}"))
        return Try(body, rest, line)

    def _skip(self, what: str) -> Opaque:
        """Past a statement: to the semicolon or line break behind it that stands outside of all brackets."""
        first = self._now.line
        closing: list[str] = []
        start = self._at
        while (token := self._now).kind != "end":
            if not closing:
                ends = token.after_break and not self._continues(token)
                # At least one token is taken, so that reading goes on behind a stray brace.
                if self._at > start and (ends or self._words[self._at] == "}"):
                    break
            self._at += 1
            if token.kind == "mark":
                if token.text in _OPENING:
                    closing.append(_OPENING[token.text])
                elif closing and token.text == closing[-1]:
                    closing.pop()
                elif token.text == ";" and not closing:
                    break
        return Opaque(what, first, self._tokens[max(self._at - 1, start)].line)

    def _continues(self, token: Token) -> bool:
        """Whether a line that begins so belongs to the statement before it."""
        before = self._tokens[self._at - 1]
        return token.text in (".", "?.", "{", "else", "catch", "while") or before.text in (")", "else", "=", ",", "=>")

    def _expression(self) -> Expression:
        """Everything but the comma operator."""
        self._deeper()
        line = self._now.line
        function = self._arrow()
        if function is not None:
            self._depth -= 1
            return function
        found = self._operators(0)
        if self._accept("?"):
            yes = self._expression()
            self._expect(":")
            found = Conditional(found, yes, self._expression(), line)
        elif self._words[self._at] in _ASSIGNING:
            operator = self._now.text
            self._at += 1
            found = Assign(found, operator, self._expression(), line)
        self._depth -= 1
        return found

    def _operators(self, least: int) -> Expression:
        left = self._unary()
        for _ in range(MAX_LINKS):
            precedence = _PRECEDENCE.get(self._words[self._at], 0)
            if precedence <= least:
                return left
            token = self._now
            self._at += 1
            left = Binary(left, token.text, self._operators(precedence), token.line)
        raise self._problem("too many operators in one expression")

    def _unary(self) -> Expression:
        if self._words[self._at] in _PREFIX:
            token = self._now
            self._deeper()
            self._at += 1
            of = self._unary()
            self._depth -= 1
            if token.text == "await":
                return of
            if token.text == "-" and isinstance(of, Literal) and isinstance(of.value, int | float):
                return Literal(-of.value, token.line)
            return Unary(token.text, of, token.line)
        found = self._links(self._operand())
        if self._words[self._at] in ("++", "--") and not self._now.after_break:
            self._at += 1
            return Unary(self._tokens[self._at - 1].text, found, found.line)
        return found

    def _links(self, found: Expression) -> Expression:
        """Members, indexes and calls behind an operand."""
        for _ in range(MAX_LINKS):
            token = self._now
            if token.kind != "mark":
                if token.kind == "template":
                    raise self._problem("a tagged template")
                return found
            if token.text not in (".", "?.", "(", "["):
                return found
            if token.text == "?." and self._words[self._at + 1] in ("(", "["):
                self._at += 1
                continue
            if self._accept(".") or self._accept("?."):
                found = Member(found, self._identifier(), token.line)
            elif self._accept("["):
                index = self._expression()
                self._expect("]")
                text = isinstance(index, Literal) and isinstance(index.value, str)
                found = Member(found, str(index.value), token.line) if text else Index(found, index, token.line)  # type: ignore[union-attr]  # a text, so a literal
            else:
                self._at += 1
                found = Call(found, self._arguments(")"), token.line)
        raise self._problem("too many members and calls in one expression")

    def _arguments(self, closing: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self._accept(closing):
            found.append(self._expression())
            if not self._is(closing):
                self._expect(",")
        return tuple(found)

    def _operand(self) -> Expression:
        token = self._now
        self._at += 1
        match token.kind:
            case "name":
                return self._word(token)
            case "number":
                return Literal(_number(token.text), token.line)
            case "text":
                return Literal(token.text, token.line)
            case "regex":
                return Pattern(token.text, token.flags, token.line)
            case "template":
                return self._composed(token)
        match token.text:
            case "(":
                found = self._expression()
                self._expect(")")
                return found
            case "[":
                return Array(self._arguments("]"), token.line)
            case "{":
                return self._object(token.line)
        self._at -= 1
        raise self._problem(f"unexpected {token.text!r}" if token.text else "the script ends in the middle")

    def _word(self, token: Token) -> Expression:
        if token.text in _LITERALS:
            return Literal(_LITERALS[token.text], token.line)
        if token.text == "async" and self._is("function"):
            self._at += 1
            token = token._replace(text="function")
        if token.text == "function":
            if self._now.kind == "name":
                self._at += 1
            self._expect("(")
            parameters = self._parameters()
            self._expect("{")
            return Function(parameters, tuple(self.statements("}")), token.line)
        if token.text == "new":
            made = self._operand()
            while self._accept("."):
                made = Member(made, self._identifier(), token.line)
            return Call(made, self._arguments(")") if self._accept("(") else (), token.line, new=True)
        return Name(token.text, token.line)

    def _composed(self, token: Token) -> Composed:
        pieces: list[str | Expression] = []
        for piece in token.pieces:
            if isinstance(piece, Hole):
                self._deeper()
                inner = _Parser(tokens_of(piece.source, piece.line), self._depth)
                pieces.append(inner._expression())
                if inner._now.kind != "end":
                    raise inner._problem(f"unexpected {inner._now.text!r}")
                self._depth -= 1
            else:
                pieces.append(piece)
        return Composed(tuple(pieces), token.line)

    def _object(self, line: int) -> Object:
        entries: list[tuple[str, Expression]] = []
        while not self._accept("}"):
            key = self._now
            if key.kind not in ("name", "text", "number"):
                raise self._problem("a key expected")
            self._at += 1
            if self._accept(":"):
                entries.append((key.text, self._expression()))
            elif self._is("("):
                raise self._problem("a method")
            else:
                entries.append((key.text, Name(key.text, key.line)))
            if not self._is("}"):
                self._expect(",")
        return Object(tuple(entries), line)

    def _arrow(self) -> Function | None:
        """An arrow function, if one begins here."""
        if self._now.kind != "name" and not self._is("("):
            return None
        start = self._at
        line = self._now.line
        if self._is_async_function():
            self._at += 1
        if self._now.kind == "name" and self._words[self._at + 1] == "=>":
            parameters: tuple[str, ...] = (self._identifier(),)
        elif self._is("(") and self._words[self._matching()] == "=>":
            self._at += 1
            parameters = self._parameters()
        else:
            self._at = start
            return None
        self._expect("=>")
        if self._accept("{"):
            return Function(parameters, tuple(self.statements("}")), line)
        value_line = self._now.line
        return Function(parameters, (Return(self._expression(), value_line),), line)

    def _matching(self) -> int:
        """Index behind the bracket that closes the one here; that of the last token when nothing does."""
        depth = 0
        for at in range(self._at, len(self._tokens)):
            token = self._tokens[at]
            if token.kind == "mark":
                if token.text in _OPENING:
                    depth += 1
                elif token.text in (")", "]", "}"):
                    depth -= 1
                    if depth == 0:
                        return at + 1
        return len(self._tokens) - 1

    def _parameters(self) -> tuple[str, ...]:
        """Names behind an opening parenthesis, and the one that closes."""
        names: list[str] = []
        while not self._accept(")"):
            names.append(self._identifier())
            if not self._is(")"):
                self._expect(",")
        return tuple(names)


def _number(text: str) -> int | float:
    plain = text.replace("_", "").rstrip("n") if not text.startswith(("0x", "0X")) else text.replace("_", "")
    if plain[:2].lower() in ("0x", "0b", "0o"):
        return int(plain.rstrip("n"), 0)
    try:
        return int(plain) if plain.isdigit() and len(plain) < 400 else float(plain)
    except ValueError:
        return 0
