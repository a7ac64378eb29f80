// Stands for Arduino's String: what the library and the examples use of it.
#ifndef WSTRING_H
#define WSTRING_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

class String {
public:
    String(const char *text = "") : _text(NULL), _length(0) { take(text, strlen(text)); }
    String(const String &other) : _text(NULL), _length(0) { take(other._text, other._length); }
    ~String() { free(_text); }
    String &operator=(const String &other) {
        if (this != &other) {
            take(other._text, other._length);
        }
        return *this;
    }

    const char *c_str() const { return _text != NULL ? _text : ""; }
    unsigned length() const { return static_cast<unsigned>(_length); }
    bool operator==(const char *text) const { return strcmp(c_str(), text) == 0; }
    bool operator==(const String &other) const { return *this == other.c_str(); }

private:
    void take(const char *text, size_t length) {
        char *const copy = static_cast<char *>(malloc(length + 1));
        if (copy != NULL) {
            memcpy(copy, text, length);
            copy[length] = '\0';
        }
        free(_text);
        _text = copy;
        _length = copy != NULL ? length : 0;
    }

    char *_text;
    size_t _length;
};

#endif
