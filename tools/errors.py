"""Everything that can go wrong on purpose, as one tree.

ConvrecError                    something a person can mend; `str()` says what was wrong, `hint` what would work
├── InputError                  what was asked cannot be done as asked
│   ├── MessageError            a message is empty, too long or not text
│   ├── UnknownItemError        an item id is not in the catalogue
│   ├── UnknownCatalogueError   no catalogue of that name has been imported
│   ├── UnknownThreadError      a thread has nothing to undo, retry or show
│   ├── UnknownMemoryError      no memory has that id, or several begin with it
│   ├── UnknownPreferenceError  a thread has no preference of that key
│   ├── UnknownUserError        the key speaks for nobody of that name
│   ├── ReusedKeyError          an idempotency key came again with another request
│   ├── UnknownJobError         no simulation has that id
│   ├── NoResultError           a simulation has nothing to show: not yet, or never
│   └── SettingsError           a setting or flag has a value that cannot be used
├── ImportFailedError           a file cannot be read as a catalogue; the old catalogue is untouched
│   └── SchemaError             a schema file does not fit the data
├── ModelError                  a language model could not be asked, or gave no answer that can be used
│   ├── CallError               the call failed: no connection, no time, refused
│   ├── AnswerError             the answer is empty, cut off or not of the shape asked for
│   └── SpentError              the turn has used up its calls, tokens or seconds
├── ServingError                a server does not do what was asked of it, now or for this caller
│   ├── SignInError             no key, or none that is known
│   ├── ScopeError              the key does not allow this
│   ├── TooManyError            too many requests, or turns at once; `seconds` says when to try again
│   ├── UnderWayError           the same request is being answered already
│   └── StoppingError           the server is stopping, and takes no new turns
└── StoreError                  the data folder cannot be used
    ├── ReadOnlyError           it cannot be written
    ├── BusyError               another process is writing to it
    └── CorruptError            a file in it is damaged; the hint names the command that rebuilds it

The command line prints message and hint and exits with 2; anything outside the tree is a bug and keeps its traceback.
"""


class ConvrecError(Exception):
    """A fault that its reader can mend."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(ConvrecError):
    """What was asked cannot be done as asked."""


class MessageError(InputError):
    """A message is empty, too long or not text."""


class UnknownItemError(InputError):
    """An item id is not in the catalogue."""


class UnknownCatalogueError(InputError):
    """No catalogue of that name has been imported."""


class UnknownThreadError(InputError):
    """A thread has nothing to undo, retry or show."""


class UnknownMemoryError(InputError):
    """No memory has that id, or several begin with it."""


class UnknownPreferenceError(InputError):
    """A thread has no preference of that key."""


class UnknownUserError(InputError):
    """The key speaks for nobody of that name."""


class ReusedKeyError(InputError):
    """An idempotency key came again with another request than the first."""


class UnknownJobError(InputError):
    """No simulation has that id."""


class NoResultError(InputError):
    """A simulation has nothing to show: not yet, or never."""


class SettingsError(InputError):
    """A setting or flag has a value that cannot be used."""


class ImportFailedError(ConvrecError):
    """A file cannot be read as a catalogue; the old catalogue is untouched."""


class SchemaError(ImportFailedError):
    """A schema file does not fit the data."""


class ModelError(ConvrecError):
    """A language model could not be asked, or gave no answer that can be used; in a turn the built-in brain goes on."""


class CallError(ModelError):
    """The call failed: no connection, no answer in time, refused by the server."""


class AnswerError(ModelError):
    """The answer is empty, cut off or not of the shape asked for; `said` is the answer, for asking again."""

    def __init__(self, message: str, hint: str = "", said: str = "") -> None:
        super().__init__(message, hint)
        self.said = said


class SpentError(ModelError):
    """The turn has used up its calls, tokens or seconds."""


class ServingError(ConvrecError):
    """A server does not do what was asked of it, now or for this caller."""


class SignInError(ServingError):
    """No key was given, or none that is known."""


class ScopeError(ServingError):
    """The key does not allow what was asked."""


class TooManyError(ServingError):
    """Too many requests, or too many turns at once; after `seconds` it is worth trying again."""

    def __init__(self, message: str, hint: str = "", seconds: float = 1.0) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


class UnderWayError(ServingError):
    """The same request is being answered already."""


class StoppingError(ServingError):
    """The server is stopping, and takes no new turns."""


class StoreError(ConvrecError):
    """The data folder cannot be used."""


class ReadOnlyError(StoreError):
    """The data folder cannot be written."""


class BusyError(StoreError):
    """Another process is writing to the data folder."""


class CorruptError(StoreError):
    """A file in the data folder is damaged."""
