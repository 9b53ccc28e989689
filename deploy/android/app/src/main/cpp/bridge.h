// Between Java and C++: text as UTF-8 bytes, and errors as SwapException.

#pragma once

#include <jni.h>

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

// The bytes of a byte[].
inline std::string to_text(JNIEnv* env, jbyteArray utf8) {
  std::string text(static_cast<std::size_t>(env->GetArrayLength(utf8)), '\0');
  env->GetByteArrayRegion(utf8, 0, static_cast<jsize>(text.size()), reinterpret_cast<jbyte*>(&text[0]));
  return text;
}

// A new byte[]; null, with Java's own exception pending, when there is no memory for it.
inline jbyteArray to_bytes(JNIEnv* env, const std::string& text) {
  jbyteArray bytes = env->NewByteArray(static_cast<jsize>(text.size()));
  if (bytes != nullptr) {
    env->SetByteArrayRegion(bytes, 0, static_cast<jsize>(text.size()), reinterpret_cast<const jbyte*>(text.data()));
  }
  return bytes;
}

// A new byte[][] of texts, likewise.
template <class Texts>
jobjectArray to_arrays(JNIEnv* env, const Texts& texts) {
  jclass bytes_class = env->FindClass("[B");
  if (bytes_class == nullptr) return nullptr;
  jobjectArray arrays = env->NewObjectArray(static_cast<jsize>(texts.size()), bytes_class, nullptr);
  if (arrays == nullptr) return nullptr;
  jsize index = 0;
  for (const auto& text : texts) {
    jbyteArray bytes = to_bytes(env, text);
    if (bytes == nullptr) return nullptr;
    env->SetObjectArrayElement(arrays, index++, bytes);
    env->DeleteLocalRef(bytes);
  }
  return arrays;
}

// Leaves a SwapException pending; the native method has to return then.
inline void throw_swap_exception(JNIEnv* env, const std::string& message) {
  jclass type = env->FindClass("org/paddlemfs/core/SwapException");
  if (type == nullptr) return;
  jmethodID make = env->GetMethodID(type, "<init>", "([B)V");
  if (make == nullptr) return;
  jbyteArray text = to_bytes(env, message);
  if (text == nullptr) return;
  jobject thrown = env->NewObject(type, make, text);
  if (thrown != nullptr) env->Throw(static_cast<jthrowable>(thrown));
}

// Runs the body of a native method. The core throws nothing, but memory may run out, and no C++ exception may reach
// Java.
template <class Body, class Value = decltype(std::declval<Body>()())>
Value guarded(JNIEnv* env, Body body) {
  try {
    return body();
  } catch (const std::exception&) {
    throw_swap_exception(env, "There is not enough memory; close other apps or take a smaller picture.");
    return Value();
  }
}
