"""Java stubs of Android's classes, made from the signatures in npm's @nativescript/types-android.

The package describes all of Android's public interface in TypeScript, with the API level of each member. Sources of an
app compile against the stubs as far as that description goes: a wrong class, method, constant or argument is an error
of javac's. Only what the sources name is written: a class, when they refer to it or a signature does; a member, when
its name occurs in them.

What TypeScript leaves open is settled here by rules and, where those do not do, by the tables below: `number` is any of
Java's numbers, `string` may be a CharSequence, checked exceptions and `protected` are not told.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

# Checked exceptions of what the sources call: "Class.member", a constructor being <init>.
THROWS = {
    "android.content.ContentResolver.openInputStream": "java.io.FileNotFoundException",
    "android.content.ContentResolver.openOutputStream": "java.io.FileNotFoundException",
    "android.content.pm.PackageManager.getPackageInfo": "android.content.pm.PackageManager.NameNotFoundException",
    "android.content.res.AssetManager.list": "java.io.IOException",
    "android.content.res.AssetManager.open": "java.io.IOException",
    "android.media.ExifInterface.<init>": "java.io.IOException",
    "android.media.MediaCodec.createEncoderByType": "java.io.IOException",
    "android.media.MediaMuxer.<init>": "java.io.IOException",
}
# Numbers given back that are no int.
WIDE = {
    "android.content.pm.PackageInfo.lastUpdateTime": "long",
    "android.graphics.Paint.measureText": "float",
    "android.graphics.RectF.bottom": "float",
    "android.graphics.RectF.left": "float",
    "android.media.MediaCodec.BufferInfo.presentationTimeUs": "long",
    "android.util.DisplayMetrics.density": "float",
}
# A View of the type that is asked for.
OWN_TYPE = {"findViewById"}

_HIDDEN = "android.stub.Hidden"  # argument of a constructor that nobody can call, for subclasses of what has no other
_NUMBERS = ("int", "long", "float", "byte")


@dataclass
class Described:
    """One class or interface of the description."""

    name: str
    bases: list[str]
    parameters: str = ""
    abstract: bool = False
    interface: bool = False
    since: int = 0
    members: list[tuple[str, int]] = field(default_factory=list)  # a line, its level


def describe(path):
    """The .d.ts file -> {full name: Described}; without java.*, which the JDK has."""
    found, scopes, since, callbacks = {}, [], 0, 0
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if callbacks:  # inside `constructor(implementation: {`, which only interfaces have
            callbacks += text.count("{") - text.count("}")
        elif level := re.search(r"@since (\d+)", text):
            since = int(level.group(1))
        elif text.startswith(("/*", "*")):
            continue
        elif opened := re.match(r"(?:declare|export) module (\S+) \{", text):
            scopes.append(opened.group(1))
        elif opened := re.match(
            r"export (abstract )?class (\w+)(<.*?>)?\s+(?:extends (.*?))?(?: ?implements (.*?))?\s*\{", text
        ):
            abstract, short, parameters, base, interfaces = opened.groups()
            name = ".".join([*scopes, short])
            bases = [base or "java.lang.Object", *_split(interfaces or "")]
            found[name] = Described(name, bases, parameters or "", bool(abstract), since=since)
            scopes.append(short)
            since = 0
        elif text == "}":
            if scopes:
                scopes.pop()
            since = 0
        elif text.startswith("public "):
            owner = found[".".join(scopes)]
            if text.startswith("public constructor(implementation: {"):
                owner.interface, callbacks = True, 1
            else:
                owner.members.append((text.removesuffix(";"), since))
            since = 0
    return {name: one for name, one in found.items() if not name.startswith("java.")}


def write_stubs(described, sources, folder, level):
    """Write stubs of what `sources` (texts) refer to into `folder`, none newer than API `level` -> how many files."""
    words = set(re.findall(r"\w+", "\n".join(sources)))
    named = set(re.findall(r"\bandroid(?:\.\w+)+", "\n".join(sources)))
    prefixes = {".".join(name.split(".")[:count]) for name in named for count in range(2, name.count(".") + 2)}
    wanted = deque(name for name in sorted(prefixes) if name in described)
    for name in sorted(described, key=lambda one: one.count(".")):  # nested ones are named without their package
        outer, _, short = name.rpartition(".")
        if outer in wanted and short in words:
            wanted.append(name)
    writer = _Writer(described, words, level)
    while wanted:
        name = wanted.popleft()
        if name not in writer.bodies and described[name].since <= level:
            writer.add(name)
            wanted.extend(sorted(writer.mentioned - writer.bodies.keys()))
    return writer.write(Path(folder))


class _Writer:
    def __init__(self, described, words, level):
        self.described, self.words, self.level = described, words, level
        self.bodies, self.mentioned = {}, set()

    def add(self, name):
        one = self.described[name]
        outer = name.rpartition(".")[0]
        if outer in self.described:
            self.mentioned.add(outer)
        bases = [self.java(base) for base in one.bases if self.known(base)]
        lines_owed = [] if one.interface else self.owed(one)
        owed = {re.match(r"public (?:abstract )?(\w+)", text).group(1) for text in lines_owed}
        lines, seen = [], set()
        for text, since in one.members:
            member = re.match(r"public (static |abstract )*(\w+)", text).group(2)
            kept = member in self.words or member == "constructor" or one.interface or member in owed
            if kept and since <= self.level and member != "class":
                lines += self.member(one, text, owed, seen, since > one.since)
        for text in lines_owed:  # what an interface asks for and the description does not repeat
            lines += self.member(one, text.replace("public abstract ", "public "), owed, seen)
        if not one.interface:
            lines.append(f"protected {name.rpartition('.')[2]}({_HIDDEN} none) {{ {self.super_call(one)} }}")
        self.bodies[name] = (one, bases, lines)

    def owed(self, one):
        """The methods, as lines, of all interfaces of a class and of its bases."""
        found = []
        for base in one.bases:
            above = self.described.get(base.split("<")[0])
            if above is None or above.since > self.level:
                continue
            if above.interface:
                found += [text for text, since in above.members if "(" in text and since <= self.level]
            found += self.owed(above)
        return [text for text in found if not text.startswith(("public static ", "public constructor"))]

    def member(self, one, text, owed, seen, newer=False):
        """The Java of one member. newer: than its class. owed: names that interfaces ask for; seen: what is written."""
        static, abstract = "static " in text.split("(")[0], text.startswith("public abstract ")
        text = re.sub(r"^public (static |abstract )*", "", text)
        method = re.match(r"(\w+)(<.*?>)?\((.*)\)(?:: (.*))?$", text)
        if not method:
            name, kind = re.match(r"(\w+)\??: (.*)$", text).groups()
            return [self.constant(one, name, kind, static)] if name not in seen and not seen.add(name) else []
        name, parameters, arguments, given = method.groups()
        callback = one.interface or name in owed or re.match(r"on[A-Z]", name)
        made = []
        for kinds in self.signatures(arguments, callback):
            if (name, *kinds) in seen:
                continue
            seen.add((name, *kinds))
            taken = re.sub(
                r"Object\[\]( \w+)$", r"Object...\1", ", ".join(f"{kind} a{i}" for i, kind in enumerate(kinds))
            )
            thrown = THROWS.get(f"{one.name}.{'<init>' if name == 'constructor' else name}")
            if thrown:
                self.mention(thrown)
            throws = f" throws {thrown}" if thrown else ""
            if name == "constructor":
                short = one.name.rpartition(".")[2]
                if not one.interface:
                    made.append(f"public {short}({taken}){throws} {{ {self.super_call(one)} }}")
                continue
            returned = WIDE.get(f"{one.name}.{name}") or self.java(given or "void", returned=True)
            if name in OWN_TYPE:
                parameters, returned = "<T extends android.view.View>", "T"
            generic = f"{self.type_parameters(parameters)} " if parameters else ""
            hidden = re.match(r"on[A-Z]", name) and not one.interface and name not in owed
            seen_as = "protected" if hidden else "public"
            if one.interface and not static and newer:  # or who implemented the interface before could not go on
                made.append(f"public default {generic}{returned} {name}({taken}){throws} {{ {_return(returned)} }}")
            elif one.interface and not static or abstract:
                kept = "abstract " if abstract and not one.interface else ""
                made.append(f"{seen_as} {kept}{generic}{returned} {name}({taken}){throws};")
            else:
                still = "static " if static else ""
                made.append(f"{seen_as} {still}{generic}{returned} {name}({taken}){throws} {{ {_return(returned)} }}")
        return made

    def signatures(self, arguments, callback):
        """The argument types of a method, once for each kind of number that an array in it may hold."""
        kinds = [one.split(": ", 1)[1] for one in _split(arguments) if ": " in one]
        arrays = any("Array<number>" in kind for kind in kinds)
        for number in _NUMBERS if arrays else ("int",):
            yield [self.java(kind, number if "Array<" in kind else "int", taken=not callback) for kind in kinds]

    def constant(self, one, name, kind, static):
        if kind.startswith('"'):
            return f"public static final String {name} = {kind};"
        if re.match(r"-?\d+$", kind):
            wide = abs(int(kind)) > 2**31
            return f"public static final {'long' if wide else 'int'} {name} = {kind}{'L' if wide else ''};"
        if re.match(r"-?[\d.eE+-]+$", kind):
            return f"public static final float {name} = {kind}f;"
        if kind in ("true", "false"):
            return f"public static final boolean {name} = {kind};"
        kind = WIDE.get(f"{one.name}.{name}") or self.java(kind, returned=True)
        still = "static " if static else ""
        return f"public {still}{kind} {name} = {_default(kind)};"

    def super_call(self, one):
        return f"super(({_HIDDEN}) null);" if one.bases[0].split("<")[0] in self.described else ""

    def known(self, kind):
        """Whether a base can be written: it is described, of this level, or the JDK's."""
        plain = kind.split("<")[0]
        return plain in self.described and self.described[plain].since <= self.level or plain.startswith("java.")

    def java(self, kind, number="int", taken=False, returned=False, argument=False):
        """A TypeScript type in Java. taken: of a parameter, where wider types take what narrower ones would."""
        kind = re.sub(r" \| null|/\*.*?\*/", "", kind).replace("globalAndroid.", "android.").strip()
        if array := re.match(r"androidNative\.Array<(.*)>$", kind):  # the only type that none is wider than
            return self.java(array.group(1), number=number) + "[]"
        if generic := re.match(r"([\w.]+)<(.*)>$", kind):
            self.mention(generic.group(1))
            return f"{generic.group(1)}<{', '.join(self.java(one, argument=True) for one in _split(generic.group(2)))}>"
        if argument:
            boxed = {"any": "?", "number": "Integer", "string": "String", "boolean": "Boolean"}
            if kind in boxed:
                return boxed[kind]
        if kind == "number":
            return "double" if taken else number
        if kind == "string":
            return "CharSequence" if taken else "String"
        if kind == "any":
            return "Object"
        self.mention(kind)
        return kind

    def mention(self, name):
        if name in self.described and not name.startswith("java."):
            self.mentioned.add(name)

    def type_parameters(self, text):
        return re.sub(r"\bany\b", "Object", text)

    def write(self, folder):
        (folder / "android" / "stub").mkdir(parents=True, exist_ok=True)
        (folder / "android" / "stub" / "Hidden.java").write_text(
            "package android.stub;\n\npublic final class Hidden {}\n"
        )
        count = 1
        for name in sorted(self.bodies):
            package, _, short = name.rpartition(".")
            if package in self.bodies:
                continue
            path = folder / package.replace(".", "/") / f"{short}.java"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"package {package};\n\n{self.declaration(name)}", encoding="utf-8")
            count += 1
        return count

    def declaration(self, name, depth=0):
        one, bases, lines = self.bodies[name]
        indent, short = "    " * depth, name.rpartition(".")[2]
        parameters = self.type_parameters(one.parameters)
        if one.interface:
            above = ", ".join(base for base in bases[1:])
            head = f"interface {short}{parameters}" + (f" extends {above}" if above else "")
        else:
            head = f"{'abstract ' if one.abstract else ''}class {short}{parameters} extends {bases[0]}"
            head += f" implements {', '.join(bases[1:])}" if bases[1:] else ""
        inside = [
            self.declaration(other, depth + 1) for other in sorted(self.bodies) if other.rpartition(".")[0] == name
        ]
        body = "".join(f"{indent}    {line}\n" for line in lines) + "".join(inside)
        static = "static " if depth else ""
        return f"{indent}public {static}{head} {{\n{body}{indent}}}\n"


def _default(kind):
    return "false" if kind == "boolean" else "0" if kind in ("int", "long", "float", "byte", "double") else "null"


def _return(kind):
    return "" if kind == "void" else f"return {_default(kind)};"


def _split(text):
    """A list of TypeScript, at its commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "<({") - (letter in ">)}")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in [*parts, text[start:].strip()] if part]
