// The native methods of org.paddlemfs.core: each hands its arguments to the core (deploy/core/include/mfs/mfs.h).

#include <jni.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bridge.h"
#include "networks.h"
#include "objects.h"

namespace {

// The pixels of an RgbaFrame, whose Java class has seen to their number.
std::uint8_t* pixels_of(JNIEnv* env, jobject buffer) {
  return static_cast<std::uint8_t*>(env->GetDirectBufferAddress(buffer));
}

std::vector<std::uint8_t> rgb_of(const std::uint8_t* rgba, int width, int height) {
  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  std::vector<std::uint8_t> rgb(3 * count);
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t colour = 0; colour < 3; ++colour) rgb[3 * pixel + colour] = rgba[4 * pixel + colour];
  }
  return rgb;
}

// Puts an identity on, or throws.
void wear(JNIEnv* env, SwapperObject& object, const mfs::Result<mfs::Identity>& identity) {
  if (!identity.ok()) return throw_swap_exception(env, identity.message());
  const mfs::Status done = object.swapper->set_identity(identity.value());
  if (!done.ok()) return throw_swap_exception(env, done.message);
  object.worn.emplace(identity.value());
}

}  // namespace

extern "C" {

// ---------------------------------------------------------------------------------------------------- NativeObject

JNIEXPORT void JNICALL Java_org_paddlemfs_core_NativeObject_free(JNIEnv*, jclass, jlong handle) {
  delete reinterpret_cast<NativeObject*>(handle);
}

JNIEXPORT jint JNICALL Java_org_paddlemfs_core_NativeObject_alive(JNIEnv*, jclass) { return NativeObject::alive; }

// ---------------------------------------------------------------------------------------------------------- Engine

JNIEXPORT jlong JNICALL Java_org_paddlemfs_core_Engine_open(JNIEnv* env, jclass, jbyteArray path, jint device,
                                                            jint threads, jbyteArray cache) {
  return guarded(env, [&]() -> jlong {
    auto bundle = mfs::Bundle::open(to_text(env, path));
    if (!bundle.ok()) return throw_swap_exception(env, bundle.message()), 0;
    mfs::DeviceOptions options;
    options.device = static_cast<mfs::Device>(device);
    options.threads = threads;
    options.cache_folder = to_text(env, cache);
    auto networks = networks_for(options);
    if (!networks.ok()) return throw_swap_exception(env, networks.message()), 0;
    auto runtime = std::make_shared<Runtime>(Runtime{bundle.value(), std::move(networks.value())});
    return to_handle(std::make_unique<EngineObject>(std::move(runtime)));
  });
}

JNIEXPORT jbyteArray JNICALL Java_org_paddlemfs_core_Engine_name(JNIEnv* env, jclass, jlong handle) {
  return guarded(env, [&] { return to_bytes(env, from_handle<EngineObject>(handle)->runtime->networks->name()); });
}

JNIEXPORT jobjectArray JNICALL Java_org_paddlemfs_core_Engine_describe(JNIEnv* env, jclass, jbyteArray path) {
  return guarded(env, [&]() -> jobjectArray {
    auto bundle = mfs::Bundle::open(to_text(env, path));
    if (!bundle.ok()) return throw_swap_exception(env, bundle.message()), nullptr;
    const mfs::Bundle& found = bundle.value();
    std::vector<std::string> facts{found.target(), found.precision(), found.made_by(), found.paddlelite(),
                                   found.can_inject() ? "" : found.injection_refused()};
    for (const std::string& name : found.identities()) facts.push_back(name);
    return to_arrays(env, facts);
  });
}

// -------------------------------------------------------------------------------------------------------- Injector

JNIEXPORT jlong JNICALL Java_org_paddlemfs_core_Injector_open(JNIEnv* env, jclass, jlong engine) {
  return guarded(env, [&]() -> jlong {
    auto object = std::make_unique<InjectorObject>();
    object->runtime = from_handle<EngineObject>(engine)->runtime;
    auto injector = mfs::Injector::open(object->runtime->bundle, *object->runtime->networks);
    if (!injector.ok()) return throw_swap_exception(env, injector.message()), 0;
    object->injector = std::move(injector.value());
    return to_handle(std::move(object));
  });
}

JNIEXPORT void JNICALL Java_org_paddlemfs_core_Injector_inject(JNIEnv* env, jclass, jlong handle, jobject rgba,
                                                               jint width, jint height, jbyteArray name,
                                                               jbyteArray sha256, jbyteArray path) {
  guarded(env, [&] {
    std::vector<std::uint8_t> rgb = rgb_of(pixels_of(env, rgba), width, height);
    const mfs::RgbView picture{rgb.data(), width, height, 3 * static_cast<std::ptrdiff_t>(width)};
    auto& injector = *from_handle<InjectorObject>(handle)->injector;
    auto identity = injector.inject(picture, to_text(env, name), to_text(env, sha256));
    if (!identity.ok()) return throw_swap_exception(env, identity.message());
    const mfs::Status saved = identity.value().save(to_text(env, path));
    if (!saved.ok()) throw_swap_exception(env, saved.message);
  });
}

// ----------------------------------------------------------------------------------------------------- FaceSwapper

JNIEXPORT jlong JNICALL Java_org_paddlemfs_core_FaceSwapper_open(JNIEnv* env, jclass, jlong engine) {
  return guarded(env, [&]() -> jlong {
    auto object = std::make_unique<SwapperObject>();
    object->runtime = from_handle<EngineObject>(engine)->runtime;
    auto swapper = mfs::Swapper::open(object->runtime->bundle, *object->runtime->networks);
    if (!swapper.ok()) return throw_swap_exception(env, swapper.message()), 0;
    object->swapper = std::move(swapper.value());
    return to_handle(std::move(object));
  });
}

JNIEXPORT void JNICALL Java_org_paddlemfs_core_FaceSwapper_wearBundled(JNIEnv* env, jclass, jlong handle,
                                                                       jbyteArray name) {
  guarded(env, [&] {
    auto& object = *from_handle<SwapperObject>(handle);
    wear(env, object, object.runtime->bundle.identity(to_text(env, name)));
  });
}

JNIEXPORT void JNICALL Java_org_paddlemfs_core_FaceSwapper_wearFile(JNIEnv* env, jclass, jlong handle,
                                                                    jbyteArray path) {
  guarded(env, [&] {
    auto& object = *from_handle<SwapperObject>(handle);
    wear(env, object, object.runtime->bundle.load_identity(to_text(env, path)));
  });
}

JNIEXPORT jint JNICALL Java_org_paddlemfs_core_FaceSwapper_swap(JNIEnv* env, jclass, jlong handle, jobject rgba,
                                                                jint width, jint height, jint rotation,
                                                                jboolean mirrored, jdouble seconds) {
  return guarded(env, [&]() -> jint {
    mfs::Frame frame = mfs::Frame::rgba(pixels_of(env, rgba), width, height, 4 * static_cast<std::ptrdiff_t>(width));
    frame.rotation = rotation;
    frame.mirrored = mirrored == JNI_TRUE;
    auto swapped = from_handle<SwapperObject>(handle)->swapper->swap(frame, seconds);
    if (!swapped.ok()) return throw_swap_exception(env, swapped.message()), 0;
    return swapped.value().swapped;
  });
}

JNIEXPORT void JNICALL Java_org_paddlemfs_core_FaceSwapper_setAllFaces(JNIEnv*, jclass, jlong handle, jboolean all) {
  mfs::SwapOptions options;
  options.faces = all == JNI_TRUE ? mfs::Faces::all : mfs::Faces::largest;
  from_handle<SwapperObject>(handle)->swapper->set_options(options);
}

JNIEXPORT void JNICALL Java_org_paddlemfs_core_FaceSwapper_reset(JNIEnv*, jclass, jlong handle) {
  from_handle<SwapperObject>(handle)->swapper->reset();
}

JNIEXPORT jobjectArray JNICALL Java_org_paddlemfs_core_FaceSwapper_stages(JNIEnv* env, jclass, jlong handle) {
  return guarded(env, [&] {
    std::vector<std::string> stages;
    for (const auto& timing : from_handle<SwapperObject>(handle)->swapper->timings()) stages.push_back(timing.stage);
    return to_arrays(env, stages);
  });
}

JNIEXPORT jdoubleArray JNICALL Java_org_paddlemfs_core_FaceSwapper_timings(JNIEnv* env, jclass, jlong handle) {
  return guarded(env, [&] {
    std::vector<double> values;
    for (const auto& timing : from_handle<SwapperObject>(handle)->swapper->timings()) {
      values.insert(values.end(), {timing.median, timing.p95});
    }
    jdoubleArray array = env->NewDoubleArray(static_cast<jsize>(values.size()));
    if (array != nullptr) env->SetDoubleArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
    return array;
  });
}

JNIEXPORT jobjectArray JNICALL Java_org_paddlemfs_core_FaceSwapper_provenance(JNIEnv* env, jclass, jlong handle,
                                                                              jlong seconds, jbyteArray target_sha256) {
  return guarded(env, [&]() -> jobjectArray {
    const auto& object = *from_handle<SwapperObject>(handle);
    if (!object.worn) {
      throw_swap_exception(env, "No face is put on yet: what is not swapped is not written.");
      return nullptr;
    }
    const std::string record = object.runtime->bundle.provenance(*object.worn, seconds, to_text(env, target_sha256));
    return to_arrays(env, std::array<std::string, 2>{record, mfs::xmp_packet(record)});
  });
}

}  // extern "C"
