// nvkv::Preferences: what the class of that name of the ESP32 core does, and what differs.
#include "NvkvPreferences.h"
#include "check.hpp"
#include "device.hpp"
#include "flash.hpp"
#include "kvstore_global_api.h"

using mbed::TDBStore;
using nvkv::Preferences;

namespace {

struct Fresh {
    explicit Fresh(uint32_t unit = 4) : device(32768, 1, unit, 4096), store(&device) {
        OK(store.init());
    }
    Device device;
    TDBStore store;
};

// A name of so many characters.
const char *name_of(size_t length) {
    static char name[80];
    memset(name, 'n', length);
    name[length] = '\0';
    return name;
}

} // namespace

TEST(preferences_of_each_type) {
    Fresh fresh;
    Preferences prefs(fresh.store);
    IS(prefs.begin("types"));
    IS(prefs.putChar("char", -128) == 1 && prefs.getChar("char") == -128);
    IS(prefs.putUChar("uchar", 255) == 1 && prefs.getUChar("uchar") == 255);
    IS(prefs.putShort("short", -32768) == 2 && prefs.getShort("short") == -32768);
    IS(prefs.putUShort("ushort", 65535) == 2 && prefs.getUShort("ushort") == 65535);
    IS(prefs.putInt("int", INT32_MIN) == 4 && prefs.getInt("int") == INT32_MIN);
    IS(prefs.putUInt("uint", UINT32_MAX) == 4 && prefs.getUInt("uint") == UINT32_MAX);
    IS(prefs.putLong("long", -70000) == 4 && prefs.getLong("long") == -70000);
    IS(prefs.putULong("ulong", 70000) == 4 && prefs.getULong("ulong") == 70000);
    IS(prefs.putLong64("long64", INT64_MIN) == 8 && prefs.getLong64("long64") == INT64_MIN);
    IS(prefs.putULong64("ulong64", UINT64_MAX) == 8);
    IS(prefs.getULong64("ulong64") == UINT64_MAX);
    IS(prefs.putFloat("float", -1.5f) == 4 && prefs.getFloat("float") == -1.5f);
    IS(prefs.putDouble("double", 1e300) == 8 && prefs.getDouble("double") == 1e300);
    IS(prefs.putBool("yes", true) == 1 && prefs.getBool("yes"));
    IS(prefs.putBool("no", false) == 1 && !prefs.getBool("no", true));
    const struct {
        const char *key;
        nvkv::PreferenceType type;
    } types[] = {{"char", nvkv::PT_I8},     {"uchar", nvkv::PT_U8},   {"short", nvkv::PT_I16},
                 {"ushort", nvkv::PT_U16},  {"int", nvkv::PT_I32},    {"uint", nvkv::PT_U32},
                 {"long", nvkv::PT_I32},    {"ulong", nvkv::PT_U32},  {"long64", nvkv::PT_I64},
                 {"ulong64", nvkv::PT_U64}, {"float", nvkv::PT_BLOB}, {"double", nvkv::PT_BLOB},
                 {"yes", nvkv::PT_U8},      {"none", nvkv::PT_INVALID}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        EXPECT(types[i].type, prefs.getType(types[i].key));
        IS(prefs.isKey(types[i].key) == (types[i].type != nvkv::PT_INVALID));
    }
}

TEST(preferences_have_defaults) {
    Fresh fresh;
    Preferences prefs(fresh.store);
    IS(prefs.begin("defaults"));
    IS(prefs.getInt("none") == 0 && prefs.getInt("none", -7) == -7);
    IS(prefs.getULong64("none", 7) == 7 && prefs.getBool("none", true));
    IS(isnan(prefs.getFloat("none")) && isnan(prefs.getDouble("none")));
    IS(prefs.getFloat("none", 2.5f) == 2.5f && prefs.getDouble("none", 2.5) == 2.5);
    // Of another type, or another width.
    IS(prefs.putInt("int", 5) == 4);
    IS(prefs.getUInt("int", 9) == 9 && prefs.getShort("int", 9) == 9);
    IS(prefs.putDouble("double", 5) == 8 && prefs.getFloat("double", 9) == 9);
    IS(prefs.putBytes("long", "0123456789", 10) == 10 && prefs.getDouble("long", 9) == 9);
    char text[8];
    IS(prefs.getString("int", text, sizeof text) == 0 && prefs.getBytesLength("int") == 0);
    // One of another type takes its place.
    IS(prefs.putString("int", "five") == 4 && prefs.getType("int") == nvkv::PT_STR);
    IS(prefs.getInt("int", 9) == 9);
}

TEST(preferences_strings_and_bytes) {
    Fresh fresh;
    Preferences prefs(fresh.store);
    char text[16];
    unsigned char bytes[300], read[300];
    IS(prefs.begin("texts"));
    IS(prefs.putString("s", "harbour") == 7);
    memset(text, '#', sizeof text);
    IS(prefs.getString("s", text, 7) == 0 && text[0] == '#');
    IS(prefs.getString("s", text, 8) == 8 && check::same(text, "harbour"));
    IS(prefs.getStringLength("s") == 8 && prefs.getStringLength("none") == 0);
    IS(prefs.putString("empty", "") == 0 && prefs.isKey("empty"));
    IS(prefs.getStringLength("empty") == 1 && prefs.getBytesLength("empty") == 0);
    IS(prefs.getString("empty", text, sizeof text) == 1 && text[0] == '\0');
    IS(prefs.putString("null", NULL) == 0 && !prefs.isKey("null"));
    IS(prefs.getBytesLength("s") == 0 && prefs.getBytes("s", text, sizeof text) == 0);
    // Both ways of writing: up to 64 bytes, and more.
    for (size_t size = 1; size <= sizeof bytes; size += size < 60 || size > 70 ? 59 : 1) {
        for (size_t i = 0; i < size; i++) {
            bytes[i] = static_cast<unsigned char>(i * 7 + size);
        }
        IS(prefs.putBytes("b", bytes, size) == size && prefs.getBytesLength("b") == size);
        IS(prefs.getBytes("b", NULL, 0) == size && prefs.getBytes("b", read, size - 1) ==
                                                       (size == 1 ? size : 0));
        memset(read, 0, sizeof read);
        IS(prefs.getBytes("b", read, sizeof read) == size && memcmp(read, bytes, size) == 0);
    }
    IS(prefs.putBytes("none", bytes, 0) == 0 && prefs.putBytes("none", NULL, 4) == 0);
    IS(!prefs.isKey("none"));
}

TEST(preferences_namespaces) {
    Fresh fresh;
    Preferences prefs(fresh.store), other(fresh.store);
    IS(prefs.putInt("x", 1) == 0 && !prefs.isKey("x") && !prefs.remove("x") && !prefs.clear());
    IS(prefs.freeEntries() == 0);
    IS(!prefs.begin(NULL) && !prefs.begin("") && !prefs.begin("a/b") && !prefs.begin(name_of(64)));
    IS(prefs.begin("a"));
    IS(!prefs.begin("b")); // one is open
    IS(prefs.putInt("x", 1) == 4 && prefs.putInt("a/b", 2) == 4);
    IS(prefs.putInt("", 1) == 0 && prefs.putInt(NULL, 1) == 0 && prefs.putInt(name_of(64), 1) == 0);
    IS(prefs.putInt(name_of(63), 3) == 4 && prefs.getInt(name_of(63)) == 3);
    // Names that begin alike are others.
    IS(other.begin("aa") && !other.isKey("x") && other.putInt("x", 5) == 4);
    IS(prefs.getInt("x") == 1);
    IS(prefs.clear() && !prefs.isKey("x") && !prefs.isKey("a/b") && prefs.clear());
    IS(other.getInt("x") == 5 && other.remove("x") && !other.remove("x"));
    prefs.end();
    IS(prefs.getInt("x", 9) == 9 && prefs.begin(name_of(63)));
    prefs.end();
    prefs.end();
}

TEST(preferences_to_read_only) {
    Fresh fresh;
    Preferences prefs(fresh.store);
    IS(!prefs.begin("r", true)); // nothing is there
    IS(prefs.begin("r") && prefs.putInt("x", 4) == 4);
    prefs.end();
    IS(prefs.begin("r", true));
    IS(prefs.getInt("x") == 4 && prefs.putInt("x", 5) == 0 && prefs.putString("s", "t") == 0);
    IS(!prefs.remove("x") && !prefs.clear() && prefs.getInt("x") == 4);
    prefs.end();
    IS(prefs.begin("r") && prefs.putInt("x", 5) == 4);
}

TEST(preferences_do_not_write_what_is_there) {
    Fresh fresh;
    Preferences prefs(fresh.store);
    IS(prefs.begin("same") && prefs.putString("s", "text") == 4 && prefs.putInt("i", 1) == 4);
    const long programs = fresh.device.programs;
    for (int i = 0; i < 50; i++) {
        IS(prefs.putString("s", "text") == 4 && prefs.putInt("i", 1) == 4);
    }
    IS(fresh.device.programs == programs);
    IS(prefs.putUInt("i", 1) == 4 && prefs.getType("i") == nvkv::PT_U32);
    IS(fresh.device.programs > programs);
}

TEST(preferences_until_full) {
    Fresh fresh(32);
    Preferences prefs(fresh.store);
    char key[16];
    IS(prefs.begin(name_of(15)));
    const size_t free = prefs.freeEntries();
    size_t stored = 0;
    do {
        snprintf(key, sizeof key, "a long key %04u", static_cast<unsigned>(stored));
    } while (prefs.putULong64(key, stored) == 8 && ++stored < 5000);
    IS(free > 100 && stored >= free && stored < 5000);
    IS(prefs.freeEntries() == 0 && prefs.putInt("more", 1) == 0 && !prefs.isKey("more"));
    IS(prefs.getULong64("a long key 0000", 1) == 0 && prefs.remove("a long key 0000"));
    IS(prefs.clear() && prefs.freeEntries() > 100);
}

TEST(preferences_through_a_loss_of_power) {
    unsigned char old_value[200], new_value[200], read[200];
    memset(old_value, 1, sizeof old_value);
    memset(new_value, 2, sizeof new_value);
    int kept = 0, changed = 0;
    for (long cut = 0; kept + changed == cut && changed < 3; cut++) {
        Fresh fresh;
        Preferences prefs(fresh.store);
        IS(prefs.begin("cut") && prefs.putBytes("b", old_value, 200) == 200);
        IS(prefs.putInt("other", 7) == 4);
        fresh.device.power = cut;
        const bool is_done = prefs.putBytes("b", new_value, 200) == 200;
        fresh.device.power = -1;
        OK(fresh.store.deinit());
        prefs.end();
        IS(prefs.begin("cut") && prefs.getInt("other") == 7);
        IS(prefs.getBytes("b", read, sizeof read) == 200);
        const bool is_old = memcmp(read, old_value, 200) == 0;
        IS(is_old || memcmp(read, new_value, 200) == 0);
        IS(!is_done || !is_old);
        kept += is_old;
        changed += !is_old;
    }
    IS(kept > 0 && changed == 3);
}

TEST(preferences_in_a_store_of_the_program) {
    Fresh fresh;
    Preferences prefs(fresh.store.nvkv_store());
    IS(prefs.begin("wifi") && prefs.putString("ssid", "harbour") == 7);
    // As it is stored.
    char raw[16];
    size_t actual;
    OK(kv_store_get(fresh.store.nvkv_store(), "wifi/ssid", raw, sizeof raw, &actual));
    IS(actual == 8 && memcmp(raw, "sharbour", 8) == 0);
    IS(prefs.putUShort("port", 0x1234) == 2);
    OK(kv_store_get(fresh.store.nvkv_store(), "wifi/port", raw, sizeof raw, &actual));
    IS(actual == 3 && memcmp(raw, "H\x34\x12", 3) == 0);
    // What another put there is a key of no type.
    OK(kv_store_set(fresh.store.nvkv_store(), "wifi/alien", "?", 1, 0));
    IS(prefs.getType("alien") == nvkv::PT_INVALID && !prefs.isKey("alien"));
    IS(prefs.getInt("alien", 3) == 3 && prefs.clear());
    Preferences nothing(static_cast<kv_store_t *>(NULL));
    IS(!nothing.begin("wifi"));
}

// Without a store of its own: in the one of the paths, on the flash of the chip.
TEST(preferences_on_the_chip) {
    {
        Preferences prefs;
        IS(!prefs.begin("app", true));
        IS(prefs.begin("app") && prefs.putInt("x", 11) == 4);
        IS(prefs.isKey("x"));
    }
    OK(kv_set("/kv/key", "value", 6, 0));
    Preferences prefs;
    IS(prefs.begin("app", true) && prefs.getInt("x") == 11);
    prefs.end();
    OK(kv_reset("/kv/"));
    IS(!prefs.begin("app", true));
}
