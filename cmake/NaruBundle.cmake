# The relocatable bundle: the program with every library that it needs beside glibc, the files that libraries want at run
# time, licences and documents. `cmake --install` makes the tree, `cpack` the tarball. docs/how-to/install-without-internet.md

# Found by the program and, unlike DT_RUNPATH, by the libraries of its libraries.
target_link_options(naru PRIVATE -Wl,--disable-new-dtags)
# As it is installed so it is built: else CMake fills the place with empty entries, each of which means the current folder.
set_target_properties(naru PROPERTIES INSTALL_RPATH "$ORIGIN/../lib" BUILD_WITH_INSTALL_RPATH ON)
install(TARGETS naru RUNTIME DESTINATION bin)

# What the program loads while it runs, so that nothing names it as needed.
find_file(NARU_TBBMALLOC libtbbmalloc.so.2 PATHS /usr/lib PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
find_file(NARU_LIBPQ libpq.so.5 PATHS /usr/lib PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
find_file(NARU_LIBCURL libcurl.so.4 PATHS /usr/lib PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
find_file(NARU_LIBTESSERACT libtesseract.so.5 PATHS /usr/lib PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
set(NARU_LOADED_LIBRARIES "")
foreach(library IN ITEMS ${NARU_TBBMALLOC} ${NARU_LIBPQ} ${NARU_LIBCURL} ${NARU_LIBTESSERACT})
  if(library)
    list(APPEND NARU_LOADED_LIBRARIES ${library})
  endif()
endforeach()

find_path(NARU_DICOM_DICTIONARY dicom.dic PATHS /usr/share/libdcmtk17 ${DCMTK_DIR}/../../../share/dcmtk REQUIRED)
find_path(NARU_TESSDATA eng.traineddata PATHS /usr/share/tesseract-ocr/5/tessdata REQUIRED)
configure_file(${CMAKE_CURRENT_LIST_DIR}/bundle_libraries.cmake.in ${PROJECT_BINARY_DIR}/generated/bundle_libraries.cmake
  @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/generated/bundle_libraries.cmake)

install(FILES ${NARU_DICOM_DICTIONARY}/dicom.dic ${NARU_DICOM_DICTIONARY}/private.dic DESTINATION share/naru)
install(FILES ${NARU_TESSDATA}/eng.traineddata ${NARU_TESSDATA}/kor.traineddata DESTINATION share/naru/tessdata)

install(FILES cmake/naru.service DESTINATION share/naru)

install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION .)
install(DIRECTORY docs DESTINATION .)

set(CPACK_GENERATOR TGZ)
string(TOLOWER ${CMAKE_SYSTEM_NAME} NARU_SYSTEM)
set(CPACK_PACKAGE_FILE_NAME naru-${PROJECT_VERSION}-${NARU_SYSTEM}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR})
set(CPACK_STRIP_FILES ON)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # tests and benchmarks need not be built for it
include(CPack)
