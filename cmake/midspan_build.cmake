# How every target is compiled, and midspan_library: one folder, one static library.
include(CheckPIESupported)
include(GNUInstallDirs)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(midspan_options INTERFACE)
target_compile_definitions(midspan_options INTERFACE _GNU_SOURCE)
target_compile_options(midspan_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wswitch-enum
    -Wformat=2 -Wno-format-nonliteral -Werror)

if(MIDSPAN_SANITIZE)
    target_compile_options(midspan_options INTERFACE
        -fsanitize=${MIDSPAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(midspan_options INTERFACE -fsanitize=${MIDSPAN_SANITIZE})
endif()

if(MIDSPAN_FUZZ)
    target_compile_options(midspan_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(MIDSPAN_HARDEN)
    check_pie_supported(LANGUAGES C)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    target_compile_options(midspan_options INTERFACE
        -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    target_link_options(midspan_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# midspan_library(NAME SOURCES file… LINKS target…)
# The folder it is called in becomes one static library, and its include path is what links it may use.
function(midspan_library name)
    cmake_parse_arguments(LIB "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
    add_library(${name} STATIC ${LIB_SOURCES})
    target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${LIB_LINKS} PRIVATE midspan_options ${LIB_PRIVATE_LINKS})
endfunction()
